// `concordat retry|pause|resume|rollback|forget <gtid>`.
import type { TransactionAction } from '@concordat/wire/operations';
import { transactionActions } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import { gtidOf } from '../gtid.js';
import type { Shell } from '../shell.js';
import type { Acting } from './acting.js';
import { act, bodyOf, withVersion } from './acting.js';

const WHAT: { readonly [A in TransactionAction]: string } = {
  retry: 'try the calls that wait for their next attempt now',
  pause: 'call nobody, until it is resumed; locks stay',
  resume: 'go on with one that was paused',
  rollback: 'ask for the rollback of one that is not decided',
  forget: 'a heuristic outcome was seen, and dealt with',
};

export function addActions(program: Command, shell: Shell): void {
  for (const action of transactionActions) {
    withVersion(program.command(`${action} <gtid>`))
      .description(WHAT[action])
      .action(
        shell.answering<Acting>(async ({ api, args: [text = ''], options }) => {
          const gtid = await gtidOf(api, text);
          return act(api, operations('transactions', gtid, action), bodyOf(options));
        }),
      );
  }
}
