// A rule as it is filled in.
import type { AlertRuleRequest, AlertRuleView } from '@concordat/wire/operations';
import type { Watch } from './conditions.js';
import { conditionOf, limitOf, watchWords } from './conditions.js';

export interface Draft {
  readonly name: string;
  readonly watch: Watch;
  /** In the unit of what is watched. */
  readonly limit: number;
  readonly url: string;
  readonly quietMinutes: number;
  readonly enabled: boolean;
  readonly reason: string;
}

const MINUTE_MS = 60_000;

export const newDraft: Draft = {
  name: '',
  watch: 'blocked-sessions',
  limit: watchWords['blocked-sessions'].limit,
  url: '',
  quietMinutes: 60,
  enabled: true,
  reason: '',
};

/** The reason is for each change anew. */
export function draftOf({ name, condition, url, quietMs, enabled }: AlertRuleView): Draft {
  const limit = limitOf(condition);
  const quietMinutes = Math.max(1, Math.round(quietMs / MINUTE_MS));
  return { name, watch: condition.watch, limit, url, quietMinutes, enabled, reason: '' };
}

export function isComplete({ name, url, reason }: Draft): boolean {
  return [name, url, reason].every((text) => text.trim() !== '');
}

export function requestOf(draft: Draft): AlertRuleRequest {
  const { name, watch, limit, url, quietMinutes, enabled, reason } = draft;
  return {
    name: name.trim(),
    condition: conditionOf(watch, limit),
    url: url.trim(),
    quietMs: quietMinutes * MINUTE_MS,
    enabled,
    reason: reason.trim(),
  };
}
