// An application with databases of its own, and the coordinator inside it.
import type { EmbeddedOptions } from '@concordat/embedded';
import { openEmbedded } from '@concordat/embedded';
import { DataSource } from 'typeorm';
import { afterAll } from 'vitest';

/** Looks every moment, so that a test need not wait for it. */
export const PROMPT = { scanPeriodMs: 200, sweepPeriodMs: 100, leaseMs: 1_000, orphanAgeMs: 500 };

export async function embedded(options: EmbeddedOptions) {
  const opened = await openEmbedded({ ...options, settings: { ...PROMPT, ...options.settings } });
  afterAll(() => opened.close());
  opened.start();
  return opened;
}

export async function postgresSource(url: string): Promise<DataSource> {
  return source({ type: 'postgres', url, installExtensions: false });
}

export async function mariadbSource(url: string): Promise<DataSource> {
  return source({ type: 'mysql', url });
}

async function source(options: ConstructorParameters<typeof DataSource>[0]): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  afterAll(() => dataSource.destroy());
  return dataSource;
}
