// What the coordinator costs, next to doing the same by hand. See README.md.
//
//   for each shape, for each number of clients:
//     three times: a round of the coordinator, a round by hand    (turns, so that noise hits both)
//     print the medians, and their ratio
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Contestant } from './contestants.js';
import { contestantsOf } from './contestants.js';
import { connectAdmin, createDatabases, dropDatabases } from './databases.js';
import { findPostmaster } from './measure.js';
import type { Options } from './options.js';
import { databaseUrlFrom, parseArguments, USAGE } from './options.js';
import { killAll } from './processes.js';
import type { Comparison, Mark } from './report.js';
import { headingOf, lineOf, linesOf, marksOf, medianOf } from './report.js';
import type { Shape } from './requests.js';
import type { Figures, Server } from './round.js';
import { playRound } from './round.js';

const ROUNDS = 3;
const WARM_UP_MS = 2_000;

const titles: Readonly<Record<Shape, string>> = {
  saga: 'A saga of two branches, one after the other; the participant does nothing',
  '2pc': 'Two-phase commit over two banks, each with a database of its own',
  embedded: 'Two-phase commit over two databases, by the module inside the application',
  'last-resource': 'The same, with the journal in one of the two databases (last resource)',
};

/** Those that the marks are about among them. */
const CLIENTS: Readonly<Record<Shape, readonly number[]>> = {
  saga: [1, 16, 64],
  '2pc': [1, 16, 64],
  embedded: [1, 32],
  'last-resource': [1, 32],
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });
}

try {
  const asked = parseArguments(process.argv.slice(2));
  if (asked === undefined) console.log(USAGE);
  else await main({ ...asked, databaseUrl: databaseUrlFrom(process.env) });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  const admin = await connectAdmin(options.databaseUrl);
  const server: Server = { admin, postmaster: await findPostmaster(admin) };
  await createDatabases(admin, options.databaseUrl);
  const comparisons: Comparison[] = [];
  try {
    for (const shape of options.shapes) {
      console.log(`\n${titles[shape]}\n${headingOf()}`);
      for (const clients of options.clients ?? CLIENTS[shape]) {
        const comparison = await compare(server, options, shape, clients);
        comparisons.push(comparison);
        console.log(linesOf(comparison));
      }
    }
  } finally {
    killAll();
    await dropDatabases(admin, options.databaseUrl);
    await admin.end();
  }
  const marks = marksOf(comparisons);
  printLegend();
  printMarks(marks);
  if (options.json !== undefined) {
    const { seconds } = options;
    const figures = { seconds, rounds: ROUNDS, cpus: availableParallelism(), comparisons, marks };
    await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
}

async function compare(
  server: Server,
  { databaseUrl, seconds }: Options,
  shape: Shape,
  clients: number,
): Promise<Comparison> {
  const rounds: Record<Contestant['name'], Figures[]> = { coordinator: [], 'by hand': [] };
  const settings = { clients, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 };
  for (let round = 1; round <= ROUNDS; round++) {
    for (const contestant of contestantsOf(shape, databaseUrl)) {
      const figures = await playRound(server, contestant, settings);
      rounds[contestant.name].push(figures);
      if (process.stderr.isTTY) {
        console.error(lineOf(`  (${contestant.name.slice(0, 7)} ${round})`, figures));
      }
    }
  }
  return {
    shape,
    clients,
    medians: {
      coordinator: medianOf(rounds['coordinator']),
      'by hand': medianOf(rounds['by hand']),
    },
  };
}

function printLegend(): void {
  const cpus = availableParallelism();
  console.log(`
Medians of ${ROUNDS} rounds each, in turns. All on the ${cpus} CPUs of this machine: load,
coordinator, participants, Postgres. Both sides are asked over HTTP, by the same load. "by hand"
commits and no more: it cannot finish after a crash, compensate, or be asked. CPU: seconds per
1,000 transactions.`);
}

function printMarks(marks: readonly Mark[]): void {
  for (const { text, measured, isMet } of marks) {
    console.log(`${isMet ? 'met    ' : 'NOT MET'} ${text}: ${measured.toFixed(2)}`);
  }
}
