// What every action has in common: a reason, a dry run, and what is said of the result.
//
// A1. The server proves the precondition again at the moment it acts, and writes the audit line in
//     the same commit: nothing is decided here.
import type { ActionResultView } from '@concordat/wire/operations';
import { actionResultSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api } from '../api.js';
import type { Look, Style } from '../render/look.js';
import { wrapped } from '../render/text.js';
import type { Answer } from '../shell.js';
import { told } from '../shell.js';
import { whole } from './filters.js';

export interface Acting {
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly ifVersion?: number;
}

const VERSION_MAX = 999_999_999;

/** Of what cannot be tried out. */
export function withReason(command: Command): Command {
  return command.requiredOption(
    '--reason <text>',
    'why, in your own words: it is kept in the audit',
  );
}

export function withDryRun(command: Command): Command {
  return withReason(command).option('--dry-run', 'prove that it could be done, and do nothing');
}

export function withVersion(command: Command): Command {
  return withDryRun(command).option(
    '--if-version <n>',
    'only if the transaction is still at this version',
    whole(1, VERSION_MAX),
  );
}

/** What all requests say. */
export function bodyOf({ reason, dryRun = false, ifVersion }: Acting): object {
  return { reason, dryRun, ...(ifVersion === undefined ? {} : { ifVersion }) };
}

/** @throws Failure if it was refused, or could not be asked for */
export async function act(api: Api, path: string, body: object): Promise<Answer> {
  return told(await api.post(path, body, actionResultSchema), resultLines);
}

const WORDS: { readonly [R in ActionResultView['result']]: readonly [string, Style] } = {
  done: ['done', 'green'],
  would: ['would', 'cyan'],
  asked: ['asked', 'yellow'],
  unchanged: ['unchanged', 'dim'],
};

function resultLines(
  { result, said, auditId, approvalId, version }: ActionResultView,
  { paint, columns }: Look,
): readonly string[] {
  const [word, style] = WORDS[result];
  const [first = '', ...rest] = wrapped(`${word}: ${said}`, columns);
  const kept = [
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(auditId === undefined ? [] : [`audit ${auditId}`]),
  ];
  return [
    paint(style, word) + first.slice(word.length),
    ...rest,
    ...(kept.length === 0 ? [] : [paint('dim', kept.join(' · '))]),
    ...(approvalId === undefined
      ? []
      : [`A second person has to agree: concordat approve ${approvalId} --reason …`]),
  ];
}
