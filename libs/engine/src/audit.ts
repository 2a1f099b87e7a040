// What people have done, as it is kept: a line is written in the same commit as the act itself, or
// before it where the act is outside the journal (an intent, followed by what became of it).
import type { GlobalTransactionId, Json } from '@concordat/protocols';

export interface AuditLine {
  /** A UUID of version 7, made with the request. */
  readonly id: string;
  readonly actor: AuditActor;
  /** What was done, such as `transaction.pause`; a word of the operator API. */
  readonly action: string;
  /**
   * `done`: it is so with this line. `intended`: it is about to be tried outside the journal.
   * `failed`: what was intended was not done. `refused`: it was not even tried.
   */
  readonly stage: 'done' | 'intended' | 'failed' | 'refused';
  /** Of what it was done to; `*` where that belongs to no tenant. */
  readonly tenant: string;
  readonly target: AuditTarget;
  /** In the person's own words; null where none is asked for. */
  readonly reason: string | null;
  /** What was so before and after, and upon what it was decided. No payloads, no secrets. */
  readonly before?: Json;
  readonly after?: Json;
  readonly evidence?: Json;
}

export interface AuditActor {
  /** `setting`: the key of the environment. `system`: nobody asked, a rule of ours did it. */
  readonly kind: 'setting' | 'key' | 'token' | 'system';
  readonly id: string;
  readonly name: string;
  /** Where the request came from, as far as trusted proxies tell. */
  readonly address?: string;
  readonly requestId?: string;
}

/** The names of what was acted upon; only those that apply. */
export interface AuditTarget {
  readonly gtid?: GlobalTransactionId;
  readonly branch?: string;
  readonly participant?: string;
  readonly resourceManager?: string;
  /** Of a prepared branch, as its resource manager has it. */
  readonly gid?: string;
  readonly approval?: string;
  readonly bulk?: string;
  readonly key?: string;
  readonly rule?: string;
}
