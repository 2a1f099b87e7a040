// The process: its configuration, its log, its signals, its end.
//
//   exit 0   stopped by a signal
//   exit 1   could not start, had to be cut short, or the program is wrong
import type { Config } from './config.js';
import { ConfigError, parseConfig } from './config.js';
import type { Coordinator } from './coordinator.js';
import { startCoordinator } from './coordinator.js';
import { armCrashPoint } from './crash-at.js';
import { inBackground } from './in-background.js';
import { describeError, openLog } from './logging.js';

/** Stopping ends by itself in less; orchestrators lose patience later. */
const STOP_MAX_MS = 4_500;

const config = configOrExit();
const logger = openLog(config.logLevel);
if (config.crashAt !== undefined) armCrashPoint(config.crashAt, logger);
let coordinator: Coordinator | undefined;
let signals = 0;

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));

try {
  coordinator = await startCoordinator(config, { logger, die });
} catch (error) {
  logger.fatal({ err: error }, 'could not start');
  process.stderr.write(`could not start: ${describeError(error).message}\n`);
  process.exit(1);
}
logger.info({ url: coordinator.url }, 'ready');
process.stderr.write(`ready ${coordinator.url}\n`);

function configOrExit(): Config {
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exit(1);
  }
}

/** The first signal asks to stop; whoever sends a second one does not want to wait. */
function onSignal(signal: string): void {
  signals += 1;
  logger.info({ signal }, 'stopping');
  if (coordinator === undefined || signals > 1) process.exit(signals > 1 ? 1 : 0);
  setTimeout(() => {
    logger.error({ afterMs: STOP_MAX_MS }, 'stopping took too long');
    process.exit(1);
  }, STOP_MAX_MS);
  inBackground(
    coordinator.stop().then(() => process.exit(0)),
    die,
  );
}

/** Whatever went wrong was not expected: the state in memory can no longer be trusted. */
function die(error: unknown): never {
  logger.fatal({ err: error }, 'the program is wrong, and stops');
  process.exit(1);
}
