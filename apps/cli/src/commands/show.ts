// `concordat show <gtid>`: one transaction, whole. Every branch is asked now what is true.
import type { TransactionDetailView, TruthView } from '@concordat/wire/operations';
import { transactionDetailSchema, truthViewSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api } from '../api.js';
import { operations } from '../api.js';
import { gtidOf } from '../gtid.js';
import { cleanText } from '../render/text.js';
import { transactionLines } from '../render/transaction.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';

interface Options {
  /** False by `--no-ask`. */
  readonly ask: boolean;
  readonly journal?: boolean;
  readonly summary?: boolean;
}

export interface Shown {
  readonly detail: TransactionDetailView;
  readonly truth: TruthView | null;
}

export function addShow(program: Command, shell: Shell): void {
  program
    .command('show <gtid>')
    .description('one transaction: what the journal says, what is true, what may be done')
    .option('--no-ask', 'do not ask the participants')
    .option('--journal', 'what happened, line by line, too')
    .option('--summary', 'for a ticket: Markdown, and nothing else')
    .action(
      shell.answering<Options>(async ({ api, args: [text = ''], options }) => {
        const gtid = await gtidOf(api, text);
        const shown = await whole(api, gtid, options.ask && options.summary !== true);
        if (options.summary !== true) {
          return told(shown, (view, look) => transactionLines(view, look, options));
        }
        const lines = shown.detail.summary.split('\n').map(cleanText);
        return { ...told(shown, () => []), lines: () => lines };
      }),
    );
}

async function whole(api: Api, gtid: string, isAsked: boolean): Promise<Shown> {
  const detail = api.get(operations('transactions', gtid), transactionDetailSchema);
  if (!isAsked) return { detail: await detail, truth: null };
  const truth = api.get(operations('transactions', gtid, 'truth'), truthViewSchema);
  truth.catch(() => undefined); // told below, if the detail can be had
  return { detail: await detail, truth: await truth };
}
