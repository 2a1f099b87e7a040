// The 78 faults that this coordinator must survive, and for each the test that injects it, or the
// later work that it waits for. The table is read by faults.spec.ts, which looks up every test, and
// is rendered into docs/PROOF.md.
import { crashes } from './faults/crashes.js';
import { messages } from './faults/messages.js';
import { protocols } from './faults/protocols.js';
import { stores } from './faults/stores.js';

/** A test, by words that stand in its file. */
export interface TestReference {
  readonly file: string;
  /** Of the test, or of the `describe` around tests that all inject it; of a trace, line one. */
  readonly title: string;
  /** Of a test that is run for the rows of a table: the row, and the file that has it. */
  readonly row?: { readonly file: string; readonly text: string };
}

export type Fault = {
  readonly number: number;
  /** What goes wrong. */
  readonly what: string;
} & (
  | {
      readonly tests: readonly [TestReference, ...TestReference[]];
      /** What the tests leave to later work. */
      readonly beyond?: string;
    }
  | { readonly waitsFor: string }
);

export interface FaultGroup {
  readonly heading: string;
  readonly faults: readonly Fault[];
}

export const faultGroups: readonly FaultGroup[] = [
  ...crashes,
  ...messages,
  ...stores,
  ...protocols,
];

const NUMBERS = 78;
/** In the title of a test that is run for the rows of a table. */
const PLACEHOLDER = /%[dijs]|\$\w+|\$\{\w+\}/g;

/** What stands between the markers of docs/PROOF.md. */
export function renderFaults(groups: readonly FaultGroup[]): string {
  const faults = groups.flatMap((group) => group.faults);
  const tested = faults.filter((fault) => 'tests' in fault).length;
  const count = `**${tested} of ${NUMBERS}** are injected by a test; ${NUMBERS - tested} wait for later work.`;
  return [count, ...groups.map(renderGroup)].join('\n\n');
}

function renderGroup({ heading, faults }: FaultGroup): string {
  return [
    `### ${heading}`,
    '',
    '| # | Fault | Injected by |',
    '| --: | --- | --- |',
    ...faults.map(
      (fault) => `| ${fault.number} | ${escaped(fault.what)} | ${renderStanding(fault)} |`,
    ),
  ].join('\n');
}

function renderStanding(fault: Fault): string {
  if ('waitsFor' in fault) return `*Waits for* ${escaped(fault.waitsFor)}`;
  const files = Map.groupBy(fault.tests, ({ file }) => file);
  const lines = [...files].map(([file, references]) => renderFile(file, references));
  if (fault.beyond !== undefined) lines.push(`*Still waits for* ${escaped(fault.beyond)}`);
  return lines.join('<br>');
}

/** The rows of one test stand behind its title, and the titles of one file behind its name. */
function renderFile(file: string, references: readonly TestReference[]): string {
  const name = file
    .replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')
    .replace(/\.(spec\.ts|e2e\.ts|trace)$/, '');
  const titles = Map.groupBy(references, ({ title }) => title);
  const words = [...titles].map(([title, rows]) => {
    const texts = rows.flatMap(({ row }) => (row === undefined ? [] : [`\`${row.text}\``]));
    const told = title.replaceAll(PLACEHOLDER, '…');
    return texts.length === 0 ? told : `${told}: ${texts.join(', ')}`;
  });
  return `[${name}](../${file}): ${escaped(words.join('; '))}`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
