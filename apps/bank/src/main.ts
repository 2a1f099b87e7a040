// The process: configuration, a bank, the signals that end it.
import { startBank } from './bank.js';
import { parseConfig } from './config.js';
import { armCrashPoint } from './crash-at.js';

/** Whatever hangs, the process has ended by then. */
const EXIT_AFTER_MS = 1_900;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const config = parseConfig(process.env);
if (config.crashAt !== undefined) armCrashPoint(config.crashAt);
const bank = await startBank(config, (error) => say(`${config.bankName}: ${String(error)}`));

async function end(): Promise<void> {
  setTimeout(() => process.exit(1), EXIT_AFTER_MS).unref();
  await bank.stop();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    end().catch((error: unknown) => {
      say(`${config.bankName}: ${String(error)}`);
      process.exit(1);
    });
  });
}

say(`ready ${bank.url}`);
