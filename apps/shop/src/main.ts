// The process: configuration, a shop, the signals that end it.
import { startShop } from './shop.js';
import { parseConfig } from './config.js';

/** Whatever hangs, the process has ended by then. */
const EXIT_AFTER_MS = 1_900;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const config = parseConfig(process.env);
const shop = await startShop(config, (error) => say(`shop: ${String(error)}`));

async function end(): Promise<void> {
  setTimeout(() => process.exit(1), EXIT_AFTER_MS).unref();
  await shop.stop();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    end().catch((error: unknown) => {
      say(`shop: ${String(error)}`);
      process.exit(1);
    });
  });
}

say(`ready ${shop.url}`);
