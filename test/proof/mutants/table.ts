// The part of docs/PROOF.md that `npm run mutants` writes: which faults were planted, and what
// found each. The rest of the page is written by people, and stays as it is.
import type { Found } from './killer.ts';
import type { Group, Mutant } from './mutant.ts';
import type { Outcome } from './run.ts';

const BEGIN = '<!-- mutants -->';
const END = '<!-- /mutants -->';
const HEAD =
  '| Mutant | Planted in | Fault | Killed by | Also found by |\n| --- | --- | --- | --- | --- |';
const LIVES = '**nothing: it lives**';

/**
 * @param outcomes of some mutants of `groups`, or of all
 * @param rows of the table so far: those of the others stay as they are
 */
export function tableOf(
  groups: readonly Group[],
  outcomes: readonly Outcome[],
  rows: readonly string[],
): string {
  const all: string[] = [];
  const parts = groups.map(({ title, mutants }) => {
    const found = mutants.flatMap((mutant) => {
      const outcome = outcomes.find((one) => one.mutant === mutant);
      if (outcome !== undefined) return [rowOf(outcome)];
      return rows.filter((row) => row.startsWith(startOf(mutant)));
    });
    all.push(...found);
    return `**${title}**\n\n${HEAD}\n${found.join('\n')}`;
  });
  const killed = all.filter(saysKilled).length;
  const summary = `${all.length} faults planted, ${killed} killed. Written by \`npm run mutants\`.`;
  return [summary, ...parts].join('\n\n');
}

/** @throws if `page` has not exactly one place for the table */
export function withTable(page: string, table: string): string {
  const { before, after } = parted(page);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/** The rows of the table that `page` has. */
export function rowsIn(page: string): readonly string[] {
  const lines = parted(page).table.split('\n');
  return lines.filter((line) => /^\| M\d/.test(line));
}

/** The part of a row that follows from the mutant alone. */
export function startOf({ id, file, fault }: Mutant): string {
  return `| ${id} | \`${file}\` | ${cell(fault)} |`;
}

/** Whether a row says that what was planted was found by whatever should find it. */
export function saysKilled(row: string): boolean {
  return !row.includes(LIVES);
}

function rowOf({ mutant, killed, also }: Outcome): string {
  const by = killed === undefined ? LIVES : `${nameOf(killed)} (\`${killed.file}\`)`;
  const others = also.map(({ finder, found }) => `${finder}: ${found ? inShort(found) : LIVES}`);
  return `${startOf(mutant)} ${by} | ${others.join('; ')} |`;
}

function nameOf({ test }: Found): string {
  return cell(test);
}

/** The simulator's tests are many seeds each; what failed says with which. */
function inShort(found: Found): string {
  const seed = /--minimize (?<seed>\d+)/.exec(found.message)?.groups?.['seed'];
  return seed === undefined ? nameOf(found) : `seed ${seed}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
}

function parted(page: string): { before: string; table: string; after: string } {
  const [before, rest, ...more] = page.split(BEGIN);
  const [table, after, ...others] = (rest ?? '').split(END);
  if (before === undefined || table === undefined || after === undefined) {
    throw new Error(`docs/PROOF.md has no place between ${BEGIN} and ${END}`);
  }
  if (more.length + others.length > 0) throw new Error(`docs/PROOF.md has two places ${BEGIN}`);
  return { before, table, after };
}
