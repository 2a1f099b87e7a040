// The commands behind `npm start`, `npm test` and their smaller sisters. See bootstrap.mjs for
// how this process comes to be.
import { Failure } from './lib/failure.mjs';
import { paint, say } from './lib/say.mjs';

/** Each resolves with an exit code; loaded when needed, so that none can hinder another. */
const commands = /** @type {Record<string, (args: readonly string[]) => Promise<number>>} */ ({
  start: async (args) => (await import('./commands/start.mjs')).start(args),
  test: async (args) => (await import('./commands/test.mjs')).test(args),
  check: async () => (await import('./commands/check.mjs')).check(),
  build: async () => (await import('./commands/build.mjs')).build(),
  traces: async (args) => (await import('./commands/traces.mjs')).traces(args),
  simulate: async (args) => (await import('./commands/simulate.mjs')).simulate(args),
  explore: async (args) => (await import('./commands/explore.mjs')).explore(args),
  mutants: async (args) => (await import('./commands/mutants.mjs')).mutants(args),
  bench: async (args) => (await import('./commands/bench.mjs')).bench(args),
});

stopWithBootstrap();
const [name = '', ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (!command) {
    throw new Failure(`unknown command ${name}; known: ${Object.keys(commands).join(', ')}`);
  }
  process.exit(await command(args)); // whatever is still under way ends with this process
} catch (error) {
  report(error);
  process.exit(1);
}

function stopWithBootstrap() {
  if (!process.channel) return; // run by hand
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

/** @param {unknown} error */
function report(error) {
  say();
  if (!(error instanceof Failure)) {
    console.error(error);
    return;
  }
  console.error(paint('red', error.message));
  if (error.log) console.error(`\n${error.log}`);
}
