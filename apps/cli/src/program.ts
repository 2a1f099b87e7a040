// All commands. What they have in common is here; what each of them does is in its own file.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addActions } from './commands/actions.js';
import { addAlerts } from './commands/alerts.js';
import { addApprovals } from './commands/approvals.js';
import { addAudit } from './commands/audit.js';
import { addBranchActions } from './commands/branch-actions.js';
import { addBulk } from './commands/bulk.js';
import { addDatabases } from './commands/databases.js';
import { addDoctor } from './commands/doctor.js';
import { addInDoubt } from './commands/in-doubt.js';
import { addKeys } from './commands/keys.js';
import { addList } from './commands/list.js';
import { addOverview } from './commands/overview.js';
import { addParticipants } from './commands/participants.js';
import { addShow } from './commands/show.js';
import { addViews } from './commands/views.js';
import { addWatch } from './commands/watch.js';
import { addWhoAmI } from './commands/whoami.js';
import type { Shell } from './shell.js';

const AFTER_HELP = `
The key stands in CONCORDAT_API_KEY or in a file of your own (chmod 600), never in an argument. An id
may be shortened to its beginning, as long as one transaction alone begins with it.

Exit codes: 0 done · 1 refused (also without a key), not possible, or not in order
            2 not understood · 3 the coordinator cannot be reached, or cannot answer`;

const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

export function programOf(shell: Shell): Command {
  const program = new Command('concordat')
    .description('Global transactions: what is stuck, what is true, and what may be done about it.')
    .version(VERSION)
    .option('--url <url>', 'of the coordinator; else CONCORDAT_URL, else http://127.0.0.1:3000')
    .option('--key-file <file>', 'that has the key; else CONCORDAT_API_KEY(_FILE)')
    .option('--json', 'print what the API answers')
    .addHelpText('after', AFTER_HELP)
    .configureOutput({ writeErr: (text) => shell.complain(text.trimEnd()) })
    .exitOverride();
  program.commandsGroup('Look:');
  addOverview(program, shell);
  addList(program, shell);
  addShow(program, shell);
  addWatch(program, shell);
  addViews(program, shell);
  addInDoubt(program, shell);
  addParticipants(program, shell);
  addDatabases(program, shell);
  addDoctor(program, shell);
  program.commandsGroup('Act on a transaction (each needs --reason; --dry-run proves it only):');
  addActions(program, shell);
  program.commandsGroup('Act on a branch:');
  addBranchActions(program, shell);
  program.commandsGroup('With others:');
  addApprovals(program, shell);
  addBulk(program, shell);
  addAudit(program, shell);
  program.commandsGroup('Who comes in, and whom to tell:');
  addWhoAmI(program, shell);
  addKeys(program, shell);
  addAlerts(program, shell);
  return program;
}
