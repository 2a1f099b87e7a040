// Ends a prepared branch where it is prepared, because a person says so.
//
//   is it there? ─▶ intent durable ─▶ COMMIT or ROLLBACK PREPARED ─▶ what was seen of it
//
// G1. What is about to be tried is in the audit before it is tried: a crash in between leaves a
//     line that says so, and never an end that nobody has signed.
import type { AuditLine, NamedBranch, ResourceManager } from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import type { OperationsPorts } from '../ports.js';

export interface ToEnd {
  readonly resourceManager: string;
  readonly gid: string;
  readonly outcome: 'commit' | 'rollback';
}

export type CameOfEnding =
  | { readonly type: 'ended'; readonly seen: string }
  /** It is not prepared there: somebody has ended it. */
  | { readonly type: 'gone'; readonly seen: string }
  /** It could not be asked, or has not said: it may be prepared still. */
  | { readonly type: 'unknown'; readonly seen: string }
  /** It bears no name of ours. */
  | { readonly type: 'others'; readonly seen: string };

type Ports = Pick<OperationsPorts, 'store' | 'resourceManagers'>;

/** The prepared branch; or why there is none to be ended. Never rejects. */
export async function lookFor(
  { resourceManagers }: Pick<OperationsPorts, 'resourceManagers'>,
  { resourceManager: name, gid }: Omit<ToEnd, 'outcome'>,
): Promise<
  { readonly there: NamedBranch; readonly at: ResourceManager } | Exclude<CameOfEnding, Ended>
> {
  const at = resourceManagers.find((one) => one.name === name);
  if (at === undefined) return { type: 'unknown', seen: `${name} is not registered any more` };
  try {
    const there = (await at.prepared()).find((one) => one.gid === gid);
    if (there === undefined)
      return { type: 'gone', seen: `${name} holds nothing prepared as that` };
    const { name: ours } = there;
    if (ours === undefined) return { type: 'others', seen: 'the name is none of ours' };
    return { there: { ...there, name: ours }, at };
  } catch (error) {
    if (error instanceof ResourceManagerUnreachable)
      return { type: 'unknown', seen: error.message };
    throw error;
  }
}

type Ended = { readonly type: 'ended' };

/** G1. @param intent its line, of the stage `intended`; its number is not used twice */
export async function endThere(
  ports: Ports,
  toEnd: ToEnd,
  intent: AuditLine,
): Promise<CameOfEnding> {
  const found = await lookFor(ports, toEnd);
  if ('type' in found) return found;
  const { at, there } = found;
  await ports.store.audited(intent, () => Promise.resolve());
  const finished = await at.finish(there, toEnd.outcome);
  const order = `${toEnd.outcome} of ${toEnd.gid} at ${toEnd.resourceManager}`;
  switch (finished.type) {
    case 'finished':
      return { type: 'ended', seen: `${order} was obeyed` };
    case 'gone':
      return { type: 'gone', seen: `${order} found nothing prepared` };
    case 'failed':
      return { type: 'unknown', seen: `${order}: ${finished.reason}` };
  }
}
