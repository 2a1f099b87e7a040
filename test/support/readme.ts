// The examples of a README, run as its reader would run them: compiled by the compiler that the
// project uses, in a process of their own, against the packages as they are built.
//
// M1. Below one heading, the ```ts blocks are one program, from top to bottom. The ```text blocks
//     are what it prints on standard output. Blocks of any other kind are shown, and not run.
// M2. What is compiled has its lines where the README has them, so an error names the line there.
// M3. The reader's surroundings are put in the place of the README's by text: an address that it
//     names becomes the one that the test has.
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { keep } from '../../scripts/lib/keeper.mjs';
import { COMPILED } from './compiled.js';

const ROOT = path.resolve();
/** Below the project's node_modules: what an example imports is found as its reader would. */
const WORKSHOP = path.join(ROOT, 'node_modules/.cache/readme');
const COMPILER = path.join(ROOT, 'node_modules/typescript/bin/tsc');

/** One program of a README, and what the README says that it prints. */
export interface Example {
  /** Below which it stands. */
  readonly heading: string;
  readonly program: string;
  readonly prints: string;
}

/** @param file relative to the root of the project. @returns at least one, in order (M1) */
export async function examplesIn(file: string): Promise<readonly Example[]> {
  const text = await readFile(path.join(ROOT, file), 'utf8');
  const examples = sectionsOf(text.split('\n')).filter(({ program }) => program.trim() !== '');
  if (examples.length === 0) throw new Error(`${file} has no example`);
  return examples;
}

type Place = 'prose' | 'ts' | 'text' | 'shown';

function sectionsOf(lines: readonly string[]): readonly Example[] {
  const sections: { heading: string; program: string[]; prints: string[] }[] = [];
  let place: Place = 'prose';
  for (const [index, line] of lines.entries()) {
    const fence = /^```(?<kind>\S*)/.exec(line)?.groups?.['kind'];
    const heading = place === 'prose' ? /^#+ (?<heading>.+)$/.exec(line)?.groups?.['heading'] : '';
    if (heading) sections.push({ heading, program: Array(index).fill('') as string[], prints: [] });
    const section = sections.at(-1);
    section?.program.push(place === 'ts' && fence === undefined ? line : ''); // M2
    if (place === 'text' && fence === undefined) section?.prints.push(`${line}\n`);
    if (fence !== undefined) place = place === 'prose' ? placeOf(fence) : 'prose';
  }
  return sections.map(({ heading, program, prints }) => ({
    heading,
    program: program.join('\n'),
    prints: prints.join(''),
  }));
}

function placeOf(kind: string): Place {
  return kind === 'ts' || kind === 'text' ? kind : 'shown';
}

export interface Surroundings {
  /** What stands in the README → what is to stand in its place (M3); each must be found. */
  readonly replacing?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly code: number | null;
  readonly printed: string;
  /** On standard error. */
  readonly complained: string;
}

/** An example that runs. It is ended with its test. */
export class RunningExample {
  private printedSoFar = '';
  private complainedSoFar = '';
  /** It has ended, and all that it has printed was read. */
  private readonly gone: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.printedSoFar += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complainedSoFar += text));
    this.gone = once(child, 'close');
  }

  get printed(): string {
    return this.printedSoFar;
  }

  /** Resolves when it ends by itself; a server does not. */
  async ended(): Promise<Ran> {
    await this.gone;
    const { exitCode: code } = this.child;
    return { code, printed: this.printedSoFar, complained: this.complainedSoFar };
  }
}

/** @throws what the compiler says, if it says anything */
export async function startExample(
  { program }: Example,
  { replacing = {}, env = {} }: Surroundings = {},
): Promise<RunningExample> {
  await mkdir(WORKSHOP, { recursive: true });
  const dir = await mkdtemp(path.join(WORKSHOP, 'example-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = path.join(dir, 'example.mts');
  await writeFile(file, replaced(program, replacing));
  await compile(dir);
  const child = spawn(process.execPath, [path.join(dir, 'example.mjs')], {
    env: { ...COMPILED, PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  keep(child);
  onTestFinished(() => void child.kill('SIGKILL'));
  return new RunningExample(child);
}

/** Runs an example to its end. */
export async function runExample(example: Example, surroundings?: Surroundings): Promise<Ran> {
  return (await startExample(example, surroundings)).ended();
}

function replaced(program: string, replacing: Readonly<Record<string, string>>): string {
  let text = program;
  for (const [inReadme, here] of Object.entries(replacing)) {
    if (!text.includes(inReadme)) throw new Error(`the example does not say ${inReadme}`);
    text = text.replaceAll(inReadme, here);
  }
  return text;
}

/** As strictly as the project itself is compiled. */
async function compile(dir: string): Promise<void> {
  const compilerOptions = {
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    noEmitOnError: true,
    rootDir: dir,
    customConditions: [], // the packages as they are built
  };
  const config = {
    extends: path.join(ROOT, 'tsconfig.base.json'),
    compilerOptions,
    include: ['.'],
  };
  await writeFile(path.join(dir, 'tsconfig.json'), JSON.stringify(config));
  const ran = promisify(execFile)(process.execPath, [COMPILER, '-p', dir]);
  await ran.catch((error: unknown) => {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`the example does not compile:\n${said}`, { cause: error });
  });
}
