// For tests: ends this process at a named point, as `kill -9` would (libs/crash-points).
import { writeSync } from 'node:fs';
import type { Arming } from '@concordat/crash-points';
import { arm } from '@concordat/crash-points';
import type { Logger } from 'pino';

const STDERR = 2;

export function armCrashPoint(arming: Arming, logger: Logger): void {
  const { point, nth, onSignal } = arming;
  const warning = 'CONCORDAT_CRASH_AT is set, for tests: this process is going to kill itself';
  logger.warn({ point, nth, onSignal }, warning);
  writeSync(STDERR, `${warning}\n`);
  const armNow = (): void => {
    arm(arming, (line) => {
      writeSync(STDERR, `${line}\n`); // synchronously: there is no later
      process.kill(process.pid, 'SIGKILL');
    });
    writeSync(STDERR, `crash point armed: ${point}\n`);
  };
  if (onSignal) process.once('SIGUSR2', armNow);
  else armNow();
}
