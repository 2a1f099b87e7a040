// A planted fault: one place in the source, what is made of it, and which tests should notice.
//
// P1. What a mutant replaces stands exactly once in its file. Where it does not, the source has
//     moved on and the mutant has rotted: whoever moved it says what the fault looks like now.
// P2. A mutant is found by a test that fails, and by nothing else: a compiler's complaint, a file
//     that cannot be loaded or a server that does not come up says nothing about the tests.

/** A file or folder of tests, relative to the root of the project. */
export type Killer = string;

/** Who should find the fault as well, beside the tests that are written for it. */
export type Finder = 'simulator' | 'explorer';

export interface Mutant {
  /** `M`, the number of the group and that of the mutant: stays when others come or go. */
  readonly id: string;
  readonly file: string;
  /** Stands exactly once in `file` (P1). */
  readonly find: string;
  readonly replace: string;
  /** What a reader of the table is told is wrong now. */
  readonly fault: string;
  /** The cheapest first: the first that fails has found it. */
  readonly killers: readonly Killer[];
  readonly also?: readonly Finder[];
}

/** Mutants of one part of the system, which share a part of the table. */
export interface Group {
  readonly title: string;
  readonly mutants: readonly Mutant[];
}

/** The source has moved on under a mutant (P1). */
export class Rotten extends Error {
  override readonly name = 'Rotten';
}

/** @throws {Rotten} if what the mutant replaces is not there, or is there twice */
export function planted(source: string, { id, file, find, replace }: Mutant): string {
  const [before = '', after, ...more] = source.split(find);
  if (after === undefined) throw new Rotten(`${id} has rotted: ${file} no longer has\n\n${find}\n`);
  if (more.length > 0) {
    throw new Rotten(`${id} has rotted: ${file} has more than once\n\n${find}\n`);
  }
  return before + replace + after;
}
