import { readFileSync } from 'node:fs';
import { platform } from 'node:os';

/**
 * Whether the process still runs, and is not another one that has been given its id.
 * @param {number} pid
 * @param {string} [commandPart] what its command line contains, where that can be told
 */
export function isRunning(pid, commandPart = '') {
  try {
    process.kill(pid, 0);
    if (platform() !== 'linux') return true;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command !== '' && command.includes(commandPart); // one that has ended has none
  } catch {
    return false;
  }
}
