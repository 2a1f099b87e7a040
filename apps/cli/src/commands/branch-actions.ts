// `concordat resolve|force|skip|replay|amend <gtid> <branch>`.
import type { BranchAction } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { operations } from '../api.js';
import { gtidOf } from '../gtid.js';
import type { Shell } from '../shell.js';
import type { Acting } from './acting.js';
import { act, bodyOf, withVersion } from './acting.js';
import { choice } from './filters.js';

export function addBranchActions(program: Command, shell: Shell): void {
  const add = <Options extends Acting>(
    action: BranchAction,
    what: string,
    more: (command: Command) => Command,
    bodyFor: (options: Options) => object,
  ): void => {
    more(withVersion(program.command(`${action} <gtid> <branch>`)))
      .description(what)
      .action(
        shell.answering<Options>(async ({ api, args: [text = '', branch = ''], options }) => {
          const gtid = await gtidOf(api, text);
          const path = operations('transactions', gtid, 'branches', branch, action);
          return act(api, path, { ...bodyOf(options), ...bodyFor(options) });
        }),
      );
  };
  add('resolve', RESOLVE, withAnswer, answerOf);
  add('force', FORCE, withOutcome, outcomeOf);
  add('skip', "leave a saga's step or compensation out", asItIs, none);
  add('replay', "ask a saga's step anew that was refused after the pivot", asItIs, none);
  add('amend', 'change the payload of a step that nobody was told of yet', withPayload, payloadOf);
}

const RESOLVE = "answer the outstanding call in the participant's place, having looked there";
const FORCE = 'end a branch that does not obey, as decided or against it; takes a second person';

interface Resolving extends Acting {
  readonly as: string;
  readonly evidence: string;
  readonly result?: { readonly json: unknown };
  readonly unconfirmed?: boolean;
}

function withAnswer(command: Command): Command {
  return withEvidence(command)
    .addOption(
      choice(
        '--as <answer>',
        'done: it has had its effect. refused: the answer is no, and nothing was done',
        ['done', 'refused'],
      ).makeOptionMandatory(),
    )
    .option('--result <json>', 'what the operation would have answered', json)
    .option('--unconfirmed', 'though the participant cannot be asked, or cannot tell');
}

function answerOf({ as, evidence, result, unconfirmed = false }: Resolving): object {
  return { as, evidence, unconfirmed, ...(result === undefined ? {} : { result: result.json }) };
}

export interface Forcing extends Acting {
  readonly outcome: string;
  readonly evidence: string;
}

export function withOutcome(command: Command): Command {
  return withEvidence(command).addOption(
    choice('--outcome <outcome>', 'how it is to end', ['commit', 'rollback']).makeOptionMandatory(),
  );
}

export function outcomeOf({ outcome, evidence }: Forcing): object {
  return { outcome, evidence };
}

function withEvidence(command: Command): Command {
  return command.requiredOption('--evidence <text>', 'what shows that it is so: kept in the audit');
}

interface Amending extends Acting {
  readonly payload: { readonly json: unknown };
}

function withPayload(command: Command): Command {
  return command.requiredOption('--payload <json>', 'what the step is to be given instead', json);
}

function payloadOf({ payload }: Amending): object {
  return { payload: payload.json };
}

function asItIs(command: Command): Command {
  return command;
}

function none(): object {
  return {};
}

function json(text: string): { readonly json: unknown } {
  try {
    return { json: JSON.parse(text) };
  } catch {
    throw new InvalidArgumentError('It must be JSON.');
  }
}
