// What rules need of the world, and what a rule is in the database.
import type { AlertCondition } from '@concordat/wire/operations';
import type { OperationsPorts } from '../ports.js';
import type { Situation } from '../triage/open-triage.js';
import type { Webhooks } from './webhook.js';

export interface AlertPorts extends Pick<
  OperationsPorts,
  'store' | 'clock' | 'timers' | 'ids' | 'troubled'
> {
  /** What is wrong now. Rejects if it cannot be had. */
  readonly situation: () => Promise<Situation>;
  readonly webhooks: Webhooks;
  /** Where the pages are, without a slash at its end; undefined if that is not known. */
  readonly publicUrl: string | undefined;
}

export const RULES_MAX = 100;

export interface RuleRow {
  readonly id: string;
  readonly name: string;
  readonly condition: AlertCondition;
  readonly url: string;
  readonly quiet_ms: number;
  readonly enabled: boolean;
  readonly made_by: string;
}

/** Null if it is not known where the pages are. */
export function linkTo(publicUrl: string | undefined, place: string): string | null {
  return publicUrl === undefined ? null : `${publicUrl}/ui/#${place}`;
}
