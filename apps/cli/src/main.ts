// The process: its arguments, its environment, its end.
import { CommanderError } from 'commander';
import { exitCodes, Failure } from './failure.js';
import { programOf } from './program.js';
import { refuseKeys } from './settings.js';
import { Shell } from './shell.js';

/** Whoever reads has seen enough (`concordat list | head`): that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.refused);
});

const shell = new Shell(process.stdout, process.stderr, process.env);
const program = programOf(shell);
const args = process.argv.slice(2);
try {
  refuseKeys(args);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  if (error instanceof Failure) shell.fail(error, program.opts());
  else if (error instanceof CommanderError) shell.exitCode = ofCommander(error);
  else throw error;
}
process.exitCode = shell.exitCode;

/** It has said what was wrong already, or what was asked for: the help, the version. */
function ofCommander({ exitCode, code }: CommanderError): Shell['exitCode'] {
  return exitCode === 0 && code !== 'commander.help' ? exitCodes.done : exitCodes.usage;
}
