// The language of the .trace files: conversations with the core, in stanzas. A stanza is what
// somebody says, `----`, and what the core makes of it.
//
//   begin bank, shop            the initiator begins a transaction with branches: it is driven
//   begin                       … without any: it stays active
//   enlist hotel                … enlists branches
//   commit  ·  rollback         … says its wish
//   bank: prepared              a participant replies to what it is asked
//   bank: done {"n":1}          … with a result
//   bank: prepared to prepare   … to what it was asked earlier: a late reply
//   exhausted bank              the coordinator has asked it as often as it may, and is in doubt;
//                               `to prepare` here too
//   wake 30000                  the deadline's instant has come
//   recover                     the coordinator crashes, and starts again from what was forced
//
// Several lines in one stanza are folded into one step. A branch is `id`, and then any of
// `one-phase`, `pivot`, `after a b` (default: after the branch before it) and `after nothing`.
//
// In answers: `forced as version n` and `lazy` are X2 of transaction.ts; `->` is a call that opens,
// with its fencing token, or a deadline; `xx` one that is settled. What is lazy is folded into the
// next forced version, and is lost in a crash.
import type {
  BranchId,
  BranchPlan,
  Call,
  Event,
  Instant,
  Json,
  ProtocolName,
  Reply,
  Standing,
  TokenedCall,
  Transaction,
} from '@concordat/protocols';
import {
  advance,
  beginTransaction,
  callKey,
  callsOf,
  mustBeForced,
  summaryOf,
  wakeAtOf,
} from '@concordat/protocols';

const DEADLINE = 30_000 as Instant;

/** Where a conversation is: what the journal holds, what memory holds, and every call ever made. */
interface Place {
  readonly durable: Transaction;
  readonly current: Transaction;
  readonly made: ReadonlyMap<string, Call>;
}

/**
 * @returns the conversation with the answers that the core gives today
 * @throws Error if the text is not a conversation
 */
export function runTrace(protocol: ProtocolName, text: string): string {
  titleOf(text);
  let place: Place | undefined;
  const stanzas = text.trimEnd().split('\n\n');
  const answered = stanzas.map((stanza) => {
    const [said = ''] = stanza.split('\n----');
    const commands = said.split('\n').filter((line) => !line.startsWith('#'));
    ensure(commands.length > 0, 'something is said', stanza);
    const [next, answer] = respond(protocol, place, commands);
    place = next;
    return `${said}\n----\n${answer}\n`;
  });
  return answered.join('\n');
}

/** The comment that opens a trace: one sentence or more that say what it shows. */
export function titleOf(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const title = lines.slice(0, end).map((line) => line.replace(/^#\s*/, ''));
  ensure(/^[A-Z0-9].*\.$/.test(title.join(' ')), 'a trace opens with a sentence', text);
  return title.join(' ');
}

function respond(
  protocol: ProtocolName,
  place: Place | undefined,
  commands: readonly string[],
): [Place, string] {
  const [first = ''] = commands;
  const [verb] = first.split(' ');
  if (verb === 'begin') {
    ensure(place === undefined && commands.length === 1, 'a trace begins once', first);
    return begin(protocol, first.slice('begin'.length).trim());
  }
  if (place === undefined) throw malformed('a trace begins with `begin`', first);
  if (verb === 'recover') {
    ensure(commands.length === 1 && first === verb, 'a crash stands alone', first);
    return [{ ...place, current: place.durable }, describe(undefined, place.durable, '')];
  }
  const events = commands.map((command) => parseEvent(place, command));
  return step(place, events);
}

function begin(protocol: ProtocolName, branches: string): [Place, string] {
  const driven = branches !== '';
  const plans = parseBranches(branches);
  const begun = beginTransaction(protocol, { branches: plans, deadline: DEADLINE, driven });
  const place = { durable: begun, current: begun, made: withCalls(new Map(), begun) };
  return [place, describe(undefined, begun, ' forced as version 1')];
}

function step({ durable, current, made }: Place, events: readonly Event[]): [Place, string] {
  const { transaction: next, applied } = advance(current, events, durable.version + 1);
  if (applied.length === 0) return [{ durable, current, made }, 'ignored'];
  const forced = mustBeForced(durable, next, applied);
  const place = { durable: forced ? next : durable, current: next, made: withCalls(made, next) };
  return [place, describe(current, next, forced ? ` forced as version ${next.version}` : ' lazy')];
}

function withCalls(made: ReadonlyMap<string, Call>, now: Transaction): ReadonlyMap<string, Call> {
  const calls = callsOf(now).map(asked);
  return new Map([...made, ...calls.map((call): [string, Call] => [callKey(call), call])]);
}

function asked(call: TokenedCall): Call {
  const { token: _, ...rest } = call;
  return rest;
}

/** What `now` is, and how it differs from `before`; all of it if there was nothing before. */
function describe(before: Transaction | undefined, now: Transaction, how: string): string {
  const { phase, outcome, decision, branches } = summaryOf(now);
  const states = branches.map(({ id, state }) => `${id}=${state}`).join(' ');
  const phaseAndOutcome = outcome === undefined ? phase : `${phase} ${outcome}`;
  const was = before === undefined ? [] : outstandingIn(before);
  const is = outstandingIn(now);
  return [
    `${phaseAndOutcome} [${states}]${how}`,
    ...(before !== undefined && decision !== summaryOf(before).decision
      ? [`  decision ${decision}`]
      : []),
    ...keptSince(before, now).map(
      ({ branch, result }) => `  kept ${branch} ${JSON.stringify(result)}`,
    ),
    ...is.filter((line) => !was.includes(line)).map((line) => `  -> ${line}`),
    ...was.filter((line) => !is.includes(line)).map((line) => `  xx ${line}`),
  ].join('\n');
}

function keptSince(before: Transaction | undefined, now: Transaction): Transaction['results'] {
  if (before === undefined) return [];
  return now.results.filter((result) => !before.results.includes(result));
}

function outstandingIn(transaction: Transaction): readonly string[] {
  const calls = callsOf(transaction).map((call) => `${callKey(call)} token ${call.token}`);
  const wakeAt = wakeAtOf(transaction);
  return wakeAt === undefined ? calls : [...calls, `wake ${wakeAt}`];
}

function parseEvent(place: Place, command: string): Event {
  const [verb = '', ...rest] = command.split(' ');
  if (verb.endsWith(':')) return parseReply(place, verb.slice(0, -1), rest.join(' '));
  switch (verb) {
    case 'enlist':
      return { type: 'enlisted', branches: parseBranches(rest.join(' ')) };
    case 'commit':
      return { type: 'commit-requested' };
    case 'rollback':
      return { type: 'rollback-requested' };
    case 'exhausted':
      return { type: 'exhausted', call: callTo(place, rest.join(' ')) };
    case 'wake':
      return { type: 'woken', at: parseNumber(rest.join(' '), command) as Instant };
    default:
      throw malformed('a known verb', command);
  }
}

function parseReply(place: Place, branch: string, words: string): Event {
  const [, said = '', to = ''] = /^(.+?)( to \S+)?$/.exec(words) ?? [];
  const call = callTo(place, `${branch}${to}`);
  const [type = '', ...rest] = said.split(' ');
  if (type === 'standing') {
    return { type: 'replied', call, reply: { type, standing: parseStanding(rest.join(' ')) } };
  }
  const reply = plainReplies.get(type);
  if (reply === undefined) throw malformed('a known reply', words);
  if (rest.length === 0) return { type: 'replied', call, reply };
  const result: Json = JSON.parse(rest.join(' '));
  return { type: 'replied', call, reply, result };
}

const plainReplies: ReadonlyMap<string, Reply> = new Map<string, Reply>([
  ['prepared', { type: 'prepared' }],
  ['read-only', { type: 'read-only' }],
  ['refused', { type: 'refused' }],
  ['tried', { type: 'tried' }],
  ['done', { type: 'done' }],
  ['acknowledged', { type: 'acknowledged' }],
  ['heuristic-commit', { type: 'heuristic-commit' }],
  ['heuristic-rollback', { type: 'heuristic-rollback' }],
  ['heuristic-mixed', { type: 'heuristic-mixed' }],
  ['heuristic-hazard', { type: 'heuristic-hazard' }],
]);

/** `branch`: the call that is outstanding at it. `branch to operation`: one that was made to it. */
function callTo({ current, made }: Place, words: string): Call {
  const [branch, operation] = words.split(' to ');
  if (operation !== undefined) {
    const call = made.get(`${operation}:${branch}`);
    if (call === undefined) throw malformed('a call that was made', words);
    return call;
  }
  const call = callsOf(current).find((outstanding) => outstanding.branch === branch);
  if (call === undefined) throw malformed('a branch at which something is outstanding', words);
  return asked(call);
}

function parseStanding(words: string): Standing {
  const match = /^([a-z-]+) elected (\d+)(?: attempt (\d+))?$/.exec(words);
  const [, said, elected, attempt] = match ?? [];
  const state = standingStates.find((known) => known === said);
  if (state === undefined) throw malformed('a standing', words);
  return { state, lastElected: Number(elected), lastAttempt: Number(attempt ?? 0) };
}

const standingStates = ['ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted'] as const;

function parseBranches(text: string): readonly BranchPlan[] {
  if (text === '') return [];
  const clauses = text.split(', ').map((clause) => clause.split(' '));
  return clauses.map(([id = '', ...words], index) => {
    const previous = clauses[index - 1]?.[0];
    ensure(/^[a-z][a-z0-9]*$/.test(id), 'an id in small letters', text);
    const modifiers: readonly string[] = words.filter(
      (word) => word === 'pivot' || word === 'one-phase',
    );
    const [after, ...dependencies] = words.filter((word) => !modifiers.includes(word));
    ensure(after === undefined || after === 'after', '`after`, `pivot` or `one-phase`', text);
    const first = previous === undefined ? [] : [previous];
    return {
      id: id as BranchId,
      dependsOn: (after === undefined ? first : dependenciesIn(dependencies)) as BranchId[],
      pivot: modifiers.includes('pivot'),
      onePhase: modifiers.includes('one-phase'),
    };
  });
}

function dependenciesIn(words: readonly string[]): readonly string[] {
  return words.length === 1 && words[0] === 'nothing' ? [] : words;
}

function parseNumber(word: string, command: string): number {
  ensure(/^\d+$/.test(word), 'a number', command);
  return Number(word);
}

function ensure(condition: boolean, expected: string, found: string): void {
  if (!condition) throw malformed(expected, found);
}

function malformed(expected: string, found: string): Error {
  return new Error(`malformed trace: expected ${expected}, found: ${found}`);
}
