// A Nest application with Concordat in it, as a test needs one.
import type { ConcordatOptions, EmbeddedModuleOptions } from '@concordat/nestjs';
import { ConcordatModule } from '@concordat/nestjs';
import type { Provider, Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { onTestFinished } from 'vitest';
import { PROMPT } from '../embedded/support.js';

export interface Application {
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type<unknown>[];
}

export function embeddedOptions(
  options: Omit<EmbeddedModuleOptions, 'mode'>,
): EmbeddedModuleOptions {
  return { mode: 'embedded', ...options, settings: { ...PROMPT, ...options.settings } };
}

/** Put together, and started; it ends with the test. */
export async function application(
  options: ConcordatOptions,
  { providers = [], controllers = [] }: Application,
): Promise<TestingModule> {
  const app = await compiled(options, { providers, controllers });
  onTestFinished(() => app.close());
  await app.init();
  return app;
}

/** Put together, and not started. */
export function compiled(
  options: ConcordatOptions,
  { providers = [], controllers = [] }: Application,
): Promise<TestingModule> {
  return Test.createTestingModule({
    imports: [ConcordatModule.forRoot(options)],
    providers: [...providers],
    controllers: [...controllers],
  }).compile();
}
