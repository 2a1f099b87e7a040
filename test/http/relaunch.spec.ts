// A coordinator on a Node that is too old runs on another one, and is still one process to others.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { isTooOld } from '../../apps/coordinator/src/relaunch.js';

const dir = mkdtempSync(path.join(tmpdir(), 'concordat-relaunch-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const compiled = pathToFileURL(path.resolve('apps/coordinator/dist/relaunch.js')).href;
const program = path.join(dir, 'program.mjs');
writeFileSync(
  program,
  `import { followParent } from ${JSON.stringify(compiled)};
   followParent();
   process.on('SIGTERM', () => process.exit(7));
   setInterval(() => {}, 1_000);
   console.log(process.pid);`,
);
const launcher = path.join(dir, 'launcher.mjs');
writeFileSync(
  launcher,
  `import { relaunch } from ${JSON.stringify(compiled)};
   relaunch(process.execPath, ${JSON.stringify(program)});`,
);

async function launched(): Promise<{ readonly outer: ChildProcess; readonly pid: number }> {
  const outer = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = await new Promise<string>((resolve) => {
    outer.stdout?.once('data', (chunk) => resolve(String(chunk)));
  });
  return { outer, pid: Number(printed) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a program that was relaunched', () => {
  test('ends with the launcher when that is killed', async () => {
    const { outer, pid } = await launched();
    expect(isAlive(pid)).toBe(true);
    outer.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('hears the signals that the launcher gets, and its exit code is the launcher’s', async () => {
    const { outer, pid } = await launched();
    outer.kill('SIGTERM');
    const code = await new Promise((resolve) => outer.once('exit', resolve));
    expect(code).toBe(7);
    expect(isAlive(pid)).toBe(false);
  });
});

test.each([
  ['18.20.8', true],
  ['20.20.2', true],
  ['22.18.0', true],
  ['22.19.0', false],
  ['24.21.0', false],
])('Node %s is too old: %s', (version, expected) => {
  expect(isTooOld(version)).toBe(expected);
});
