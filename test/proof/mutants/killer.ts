// One run of some tests in a copy, and what it came to.
//
// R1. `found` is a test that ran and failed. A run that ends otherwise (it cannot start, a file
//     cannot be loaded, a hook fails, it takes for ever) is trouble, and no verdict (P2).
// R2. Every path that was asked for has run tests: a path that matches nothing finds nothing.
// R3. Of the tests that have failed, the one that stands first is named, not the one that was
//     fastest: the table is the same whenever it is made.
// R4. Tests that wait for servers can fail by chance on a busy machine. What one of them finds is
//     found only if it finds it again; else all are asked again.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { keep } from '../../../scripts/lib/keeper.mjs';
import type { Killer } from './mutant.ts';

export type Verdict =
  | { readonly type: 'passed'; readonly tests: number }
  | { readonly type: 'found'; readonly by: Found }
  | { readonly type: 'trouble'; readonly why: string; readonly log: string };

export interface Found {
  /** Relative to the root of the project. */
  readonly file: string;
  /** With the titles of the groups that it is in. */
  readonly test: string;
  readonly title: string;
  /** What the test said. */
  readonly message: string;
}

export interface Where {
  /** A copy of the project. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A killer that takes longer hangs: a fault that stops a loop from ending must not stop us. */
const KILLER_TIMEOUT_MS = 240_000;
/** What needs no server takes a moment; on a busy machine, a long one. */
const UNIT_TEST_TIMEOUT_MS = 60_000;
const LOG_CHARS_MAX = 4_000;
const VITEST = 'node_modules/vitest/vitest.mjs';

/** What Vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** The Vitest project that has the tests of `killer`; see vitest.config.ts. */
export function projectOf(killer: Killer): 'unit' | 'postgres' {
  const isUnit = /^(libs|apps)\/|^test\/(tidy|traces|explorer|simulation|proof)\b/.test(killer);
  return isUnit ? 'unit' : 'postgres';
}

/** Runs the tests of `killers`, which are all of one Vitest project. */
export async function run(killers: readonly Killer[], where: Where): Promise<Verdict> {
  const verdict = await runOnce(killers, where);
  if (verdict.type !== 'found' || projectOf(verdict.by.file) === 'unit') return verdict;
  const { file, title } = verdict.by;
  const again = await runOnce([file], where, ['-t', literally(title)]); // R4
  return again.type === 'found' ? verdict : runOnce(killers, where);
}

/** Runs those tests of a unit `killer` whose names contain `named`. */
export function runNamed(killer: Killer, named: string, where: Where): Promise<Verdict> {
  return runOnce([killer], where, ['-t', named]);
}

async function runOnce(
  killers: readonly Killer[],
  where: Where,
  more: readonly string[] = [],
): Promise<Verdict> {
  const [first = ''] = killers;
  const output = path.join(where.root, '.mutants-report.json');
  const project = projectOf(first);
  const options = ['--project', project, '--reporter=json', `--outputFile=${output}`];
  if (project === 'unit') options.push(`--testTimeout=${UNIT_TEST_TIMEOUT_MS}`);
  rmSync(output, { force: true });
  const { ending, log } = await vitest([...killers, ...options, ...more, '--bail', '1'], where);
  where.signal.throwIfAborted();
  const report = reportIn(output);
  if (report === undefined) return { type: 'trouble', why: `no report: ${ending}`, log };
  return verdictOf(report, { killers, root: where.root, ending, log });
}

interface Run {
  readonly killers: readonly Killer[];
  readonly root: string;
  readonly ending: string;
  readonly log: string;
}

/** What a run says by its report, and by the way it ended. */
export function verdictOf(report: Report, { killers, root, ending, log }: Run): Verdict {
  const files = report.testResults
    .map((result) => ({ ...result, file: path.relative(root, result.name) }))
    .toSorted((left, right) => (left.file < right.file ? -1 : 1));
  for (const { file, assertionResults } of files) {
    const failed = assertionResults.find(({ status }) => status === 'failed'); // R3
    if (failed === undefined) continue;
    const test = [...failed.ancestorTitles, failed.title].join(' › ');
    const [message = ''] = failed.failureMessages ?? [];
    return { type: 'found', by: { file, test, title: failed.title, message } };
  }
  const broken = files.find(({ status }) => status === 'failed');
  if (broken !== undefined) {
    return { type: 'trouble', why: `${broken.file} could not be run: ${broken.message}`, log };
  }
  const missing = killers.find((killer) => !files.some(({ file }) => file.startsWith(killer)));
  if (missing !== undefined) return { type: 'trouble', why: `${missing} has no tests`, log }; // R2
  if (ending !== 'exit 0') return { type: 'trouble', why: `no test failed, but ${ending}`, log };
  const passed = files.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'passed'),
  );
  return { type: 'passed', tests: passed.length };
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function reportIn(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

function vitest(
  args: readonly string[],
  { root, env, signal }: Where,
): Promise<{ readonly ending: string; readonly log: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [VITEST, 'run', ...args], {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own: a worker in an endless loop hears nothing but SIGKILL
    });
    keep(child);
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (log = (log + String(chunk)).slice(-LOG_CHARS_MAX)));
    }
    const stop = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    const timeout = setTimeout(stop, KILLER_TIMEOUT_MS);
    signal.addEventListener('abort', stop);
    const end = (ending: string): void => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', stop);
      resolve({ ending, log });
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signalName) => {
      end(code === null ? `ended by ${signalName}` : `exit ${code}`);
    });
  });
}
