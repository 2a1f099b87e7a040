// An application with databases of its own, and the coordinator inside it.
import type { Embedded, EmbeddedOptions } from '@concordat/embedded';
import { openEmbedded } from '@concordat/embedded';
import type { Outcome } from '@concordat/protocols';
import type { DataSourceOptions } from 'typeorm';
import { DataSource } from 'typeorm';
import { afterAll, expect, onTestFinished } from 'vitest';

/** Looks every moment, so that a test need not wait for it. */
export const PROMPT = { scanPeriodMs: 200, sweepPeriodMs: 100, leaseMs: 1_000, orphanAgeMs: 500 };

export async function embedded(options: EmbeddedOptions) {
  const troubles: unknown[] = [];
  const opened = await openEmbedded({
    observer: {
      troubled: (_where, error) => troubles.push(error),
      noted: () => undefined,
      scanned: () => undefined,
    },
    ...options,
    settings: { ...PROMPT, ...options.settings },
  });
  whenDone(() => opened.close());
  opened.start();
  return { ...opened, troubles };
}

/** The transaction that was begun last, of those that have ended so. */
export async function latestOf(client: Embedded['client'], outcome: Outcome) {
  for await (const one of client.list({ outcome })) return one;
  return undefined;
}

/** One of TypeORM's pools, of at most `poolSize` connections. */
export function postgresSource(url: string, more: Partial<DataSourceOptions> = {}) {
  return source({ type: 'postgres', url, installExtensions: false, ...more } as DataSourceOptions);
}

export function mariadbSource(url: string, more: Partial<DataSourceOptions> = {}) {
  return source({ type: 'mysql', url, ...more } as DataSourceOptions);
}

async function source(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  whenDone(() => (dataSource.isInitialized ? dataSource.destroy() : undefined));
  return dataSource;
}

/** After the test that it was called in, or after those of the file. */
function whenDone(work: () => Promise<void> | undefined): void {
  if (expect.getState().currentTestName === undefined) afterAll(work);
  else onTestFinished(async () => work());
}
