// Examples that are services: they do not end, but are called, and take part.
import { expect } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { acknowledged, branchAt, reply, untilSettled } from '../barrier/calling.js';
import { eventually } from '../support/eventually.js';
import type { Example, Surroundings } from '../support/readme.js';
import { startExample } from '../support/readme.js';

/** What is to be seen of a service that an example has started. */
export type Checks = (urls: readonly string[]) => Promise<void>;

/** Starts the services of an example, each on a free port, and checks them. */
export async function serve(
  example: Example,
  { path, checks }: { readonly path: string; readonly checks: Checks },
  surroundings: Surroundings,
): Promise<void> {
  const ports = [...new Set(example.program.match(/\b400\d\b/g))];
  expect(ports).not.toEqual([]);
  const free = await Promise.all(ports.map(freePort));
  const replacing = Object.fromEntries(ports.map((port, at) => [port, String(free[at])]));
  const running = await startExample(example, { ...surroundings, replacing });
  const urls = free.map((port) => `http://127.0.0.1:${port}${path}`);
  await eventually('every service answers', async () => {
    const answers = await Promise.all(urls.map((url) => fetch(url).catch(() => null)));
    return answers.every((answer) => answer !== null);
  });
  await checks(urls);
  expect(running.printed).toBe(example.prints);
}

/** How many of the rows that a service writes can be seen. */
type Count = () => Promise<number>;

/** Of payments that are the same behind each URL. */
export function paysAndCompensates(payments: Count): Checks {
  return async (urls) => {
    expect(urls).toHaveLength(3);
    for (const url of urls) {
      const paid = branchAt(url, 'saga', { payload: { amount: 10 } });
      const done = reply('done', { result: { paid: 10 } });
      expect(await paid.call('execute', 1)).toMatchObject(done);
      expect(await paid.call('execute', 1)).toMatchObject(done);
      expect(await payments()).toBe(1);
      expect(await paid.call('compensate', 2)).toMatchObject(acknowledged);
      expect(await payments()).toBe(0);
      for (const payload of [{ amount: 2_000 }, 'nonsense']) {
        const declined = branchAt(url, 'saga', { payload });
        expect(await declined.call('execute', 1)).toMatchObject(reply('refused'));
      }
    }
  };
}

/** @param payload of a branch that writes one row */
export function commits(payload: string | number, written: Count): Checks {
  return async ([url = '']) => {
    const branch = branchAt(url, '2pc', { payload });
    expect(await branch.call('prepare', 1)).toMatchObject(reply('prepared'));
    expect(await written()).toBe(0);
    expect(await untilSettled(() => branch.call('commit', 2))).toMatchObject(acknowledged);
    expect(await written()).toBe(1);
  };
}
