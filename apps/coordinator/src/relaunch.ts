// Runs a program on another Node, as if it were this process.
//
// L1. What is sent to this process reaches the program: SIGTERM and SIGINT are passed on, and its
//     exit is ours.
// L2. The program never outlives this process. SIGKILL cannot be passed on, but it closes the
//     channel between the two, and then the program ends itself the same way.
import { spawn } from 'node:child_process';

const OLDEST = { major: 22, minor: 19 } as const;

/** An argument that tells the program to follow its parent (L2). */
export const FOLLOW = '--follow-parent';

/** @param version as in `process.versions.node` */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
}

/** @param node the other Node's executable */
export function relaunch(node: string, program: string): void {
  const child = spawn(node, ['--enable-source-maps', program, FOLLOW], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true, // Ctrl-C in the terminal reaches it once, through us
  });
  child.once('error', () => {
    const wanted = `${OLDEST.major}.${OLDEST.minor}`;
    process.stderr.write(`Node ${wanted} or newer is needed: run "npm ci" to install one\n`);
    process.exitCode = 1;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** L2. */
export function followParent(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
