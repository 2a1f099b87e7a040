// For tests: ends this process at a named point, as `kill -9` would (libs/crash-points).
import { writeSync } from 'node:fs';
import type { Arming } from '@concordat/crash-points';
import { arm } from '@concordat/crash-points';

const STDERR = 2;

function say(line: string): void {
  writeSync(STDERR, `${line}\n`); // synchronously: there may be no later
}

export function armCrashPoint(arming: Arming): void {
  say('CONCORDAT_CRASH_AT is set, for tests: this process is going to kill itself');
  const armNow = (): void => {
    arm(arming, (line) => {
      say(line);
      process.kill(process.pid, 'SIGKILL');
    });
    say(`crash point armed: ${arming.point}`);
  };
  if (arming.onSignal) process.once('SIGUSR2', armNow);
  else armNow();
}
