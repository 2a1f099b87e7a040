import { spawn } from 'node:child_process';
import path from 'node:path';
import { Failure } from './failure.mjs';

/**
 * Runs a tool of node_modules; what it prints is seen only if it fails.
 * @param {string} script below node_modules
 * @param {readonly string[]} args
 * @returns {Promise<void>} rejects with a Failure that bears the tool's output
 */
export function tool(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.resolve('node_modules', script), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (log += String(chunk)));
    }
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Failure(`${script} ended with ${code}`, { log })),
    );
  });
}
