// What a rule watches and whom it tells, as options: all of it to make one, some to change one.
import { readFileSync } from 'node:fs';
import type { AlertCondition, AlertRuleView } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { usage } from '../failure.js';
import { choice, whole } from './filters.js';
import { duration } from './times.js';

type Watch = AlertCondition['watch'];

interface Limits {
  readonly atLeast?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
}

export interface Making extends Limits {
  readonly watch: Watch;
  readonly to: string;
  /** Milliseconds. */
  readonly quiet?: number;
  readonly disabled?: boolean;
  readonly reason: string;
}

export interface Changing extends Limits {
  readonly name?: string;
  readonly watch?: Watch;
  readonly to?: string;
  readonly quiet?: number;
}

const WATCHES: readonly Watch[] = [
  'in-doubt-age',
  'stuck-count',
  'blocked-sessions',
  'heuristics',
  'orphans',
];
const COUNT_MAX = 999_999_999;
const DAY_MS = 86_400_000;
const OLDER_MS_MAX = 365 * DAY_MS;
const QUIET_MS_MAX = 7 * DAY_MS;

const QUIET = 'not again for the same cause before so long: 90s, 15m, 6h, 2d';
const TO =
  'the URL of its webhook, which CONCORDAT_ALLOWED_URLS allows; - reads it from standard input';
const quiet = duration(1_000, QUIET_MS_MAX);

export function withRule(command: Command): Command {
  return withLimits(
    command
      .addOption(choice('--watch <what>', 'what is watched', WATCHES).makeOptionMandatory())
      .requiredOption('--to <url>', TO),
  )
    .option('--quiet <time>', `${QUIET} (default: 1h)`, quiet)
    .option('--disabled', 'it does not watch until it is enabled');
}

export function withChanges(command: Command): Command {
  const named = command
    .option('--name <name>', 'what it is called')
    .addOption(choice('--watch <what>', 'what is watched', WATCHES))
    .option('--to <url>', TO);
  return withLimits(named).option('--quiet <time>', QUIET, quiet);
}

function withLimits(command: Command): Command {
  return command
    .option('--at-least <n>', 'it holds from so many on', whole(1, COUNT_MAX))
    .option('--older-than <time>', 'of in-doubt-age: so long', duration(1_000, OLDER_MS_MAX));
}

/** Many such URLs are secrets, and everybody can read an argument (ps). */
export function hookIn(to: string): string {
  return to === '-' ? readFileSync(0, 'utf8').trim() : to;
}

/** @throws Failure if the limit of what is watched is missing, or another's is given */
export function conditionOf(watch: Watch, { atLeast, olderThan }: Limits): AlertCondition {
  if (watch === 'in-doubt-age') {
    if (atLeast !== undefined) throw usage(`--at-least is not for ${watch}: say --older-than`);
    if (olderThan === undefined) throw usage(`${watch} takes --older-than: how old is too old?`);
    return { watch, olderThanMs: olderThan };
  }
  if (olderThan !== undefined) throw usage(`--older-than is not for ${watch}: say --at-least`);
  if (atLeast === undefined) throw usage(`${watch} takes --at-least: how many are too many?`);
  return { watch, atLeast };
}

/** @throws Failure if nothing is given, or what does not fit */
export function changedBy(rule: AlertRuleView, given: Changing): AlertRuleView {
  const { name, watch, to, quiet: quietMs, ...limits } = given;
  const isOther = watch !== undefined && watch !== rule.condition.watch;
  const isLimited = limits.atLeast !== undefined || limits.olderThan !== undefined;
  const isGiven = [name, watch, to, quietMs].some((value) => value !== undefined) || isLimited;
  if (!isGiven) throw usage('say what is to change: --name, --watch, --to, --quiet …');
  return {
    ...rule,
    ...(name === undefined ? {} : { name }),
    ...(to === undefined ? {} : { url: hookIn(to) }),
    ...(quietMs === undefined ? {} : { quietMs }),
    ...(isOther || isLimited
      ? { condition: conditionOf(watch ?? rule.condition.watch, limits) }
      : {}),
  };
}
