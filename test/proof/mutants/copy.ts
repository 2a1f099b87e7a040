// A copy of the project to plant faults in. The working tree is never touched.
//
//   project/libs/engine ────────── copied ──────────▶ copy/libs/engine
//   project/node_modules/pg ◀───── linked ─────────── copy/node_modules/pg
//                                  copy/node_modules/@concordat/engine ──▶ copy/libs/engine
//
// K1. Packages of others are shared: the copy links to each of them.
// K2. Packages of ours are those of the copy: in `node_modules` they are relative links, and each
//     is made again as it is. One link to `node_modules` as a whole would lead back to the
//     project, and every mutant would live.
// K3. The set-up of the Postgres tests takes packages, and the coordinator that some tests start,
//     as they are built: once, before any fault. So whoever starts that finds no fault in it, and a
//     killer is a test that runs the sources.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Mutant } from './mutant.ts';
import { planted } from './mutant.ts';

/** What is made, installed or of no interest to a test. */
const LEFT_BEHIND = new Set(['.dev', '.git', 'dist', 'node_modules']);
/** The programs that tests start, where `node_modules` keeps them unpacked. */
const SHARED_CACHES = ['.cache/redis', '.cache/mariadb', '.cache/chromium'];

/** @param to does not exist yet */
export function copyProject(project: string, to: string): void {
  cpSync(project, to, {
    recursive: true,
    filter: (source) => !LEFT_BEHIND.has(path.basename(source)) && !source.endsWith('.tsbuildinfo'),
  });
  linkPackages(path.join(project, 'node_modules'), path.join(to, 'node_modules'));
}

/** K3. @throws what the compiler says */
export function buildForSetUp(root: string): void {
  const args = ['node_modules/typescript/bin/tsc', '-b', 'apps/coordinator'];
  execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
}

/** Plants a fault in the copy at `root`. @returns how to take it out again */
export function plant(root: string, mutant: Mutant): () => void {
  const file = path.join(root, mutant.file);
  const source = readFileSync(file, 'utf8');
  writeFileSync(file, planted(source, mutant));
  return () => writeFileSync(file, source);
}

function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target); // K2
    else if (entry.name.startsWith('@')) linkPackages(source, target);
    else if (!isHidden(entry.name)) symlinkSync(source, target); // K1
  }
  for (const cache of SHARED_CACHES) {
    if (!existsSync(path.join(from, cache))) continue;
    mkdirSync(path.join(to, path.dirname(cache)), { recursive: true });
    symlinkSync(path.join(from, cache), path.join(to, cache));
  }
}

/** Caches of tools: they know of the project's files, not of the copy's. */
function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.bin';
}
