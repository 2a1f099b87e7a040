// Short names for the tests that many faults are injected by.
import type { CrashPoint } from '@concordat/crash-points';
import type { Operation } from '@concordat/protocols';
import type { FaultKind } from '@concordat/simulator';
import type { TestReference } from '../faults.js';

export function at(file: string, title: string): TestReference {
  return { file: `test/${file}`, title };
}

/** The process dies at this point, in every protocol that reaches it. */
export function crash(text: CrashPoint): TestReference {
  const row = { file: 'test/e2e/support/crash-table.ts', text };
  return { ...at('e2e/crash-points.e2e.ts', 'a process dies at'), row };
}

/** The process dies among several calls: one was answered, the one to another branch is lost. */
export function crashAmong(operation: Operation): TestReference {
  const row = { file: 'test/e2e/support/crash-table.ts', text: `loses: '${operation}'` };
  return { ...at('e2e/crash-points.e2e.ts', 'a process dies at'), row };
}

/** A conversation with the pure protocol, told by its first line. */
export function trace(name: string, title: string): TestReference {
  return at(`traces/testdata/${name}.trace`, title);
}

/** Three hundred seeds, in some of which this kind of fault strikes; that it did is a test too. */
export function simulated(text: FaultKind): TestReference {
  const row = { file: 'libs/simulator/src/faults.ts', text };
  return { ...at('simulation/seeds.spec.ts', 'no seed has a complaint'), row };
}
