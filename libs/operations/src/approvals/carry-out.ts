// Does what was approved, once, whatever happens to whoever does it.
//
//   approved ─▶ is its line in the audit? ──yes──▶ done
//                 │ no
//                 ▼
//               act ─▶ done, failed, or not yet: again in a moment, by whoever comes
//
// O1. Several instances may come to it at once; a lease keeps them apart for promptness alone. An
//     act upon the journal is a compare-and-set with its line in the same commit; an act upon a
//     prepared branch finds it prepared, or gone.
// O2. Outside the journal, what is about to be done is in the audit before it is done, and what was
//     seen to come of it after.
// O3. What could not be done within an hour after the approval is not what was approved any more.
import type { OperationsPorts } from '../ports.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import { EXPIRE_APPROVALS } from '../statements/expire-approvals.js';
import { FIND_APPROVAL } from '../statements/find-approval.js';
import { IS_AUDITED } from '../statements/is-audited.js';
import { POSTPONE_APPROVAL } from '../statements/postpone-approval.js';
import { SETTLE_APPROVAL } from '../statements/settle-approval.js';
import { TAKE_APPROVED } from '../statements/take-approved.js';
import { settle } from './settling.js';

/** How long whoever has taken an approval is given before another tries. */
export const LEASE_MS = 60_000;
const AGAIN_MS = 5_000;
const AT_ONCE_MAX = 10;

/** What came of trying. `not-yet` is tried again. */
export type CameOf =
  | { readonly type: 'done' | 'failed' | 'not-yet'; readonly said: string }
  /** The line was written together with the end of the approval. */
  | { readonly type: 'settled' };

/** Carries out one kind of act. Never refuses: what cannot be done has failed. */
export type CarryOut = (row: ApprovalRow) => Promise<CameOf>;

export class CarryingOut {
  constructor(
    private readonly ports: Pick<OperationsPorts, 'store'>,
    private readonly kinds: { readonly [action in ApprovalRow['action']]: CarryOut },
  ) {}

  /** What this instance has just approved, and so has the lease of. */
  async carryOut(id: string): Promise<void> {
    const [row] = await this.ports.store.run<ApprovalRow>(FIND_APPROVAL, [id]);
    if (row?.state === 'approved') await this.once(row);
  }

  /** Takes up what others have left, and ends what nobody has decided. */
  async lookAround(): Promise<void> {
    await this.ports.store.run(EXPIRE_APPROVALS, []);
    for (let taken = 0; taken < AT_ONCE_MAX; taken++) {
      const [row] = await this.ports.store.run<ApprovalRow>(TAKE_APPROVED, [LEASE_MS]);
      if (row === undefined) return;
      await this.once(row);
    }
  }

  private async once(row: ApprovalRow): Promise<void> {
    const { store } = this.ports;
    const written = await store.run(IS_AUDITED, [row.act_id]);
    const cameOf = written.length > 0 ? WAS_DONE : await this.act(row);
    if (cameOf.type === 'settled') return;
    if (cameOf.type === 'not-yet') {
      await store.run(POSTPONE_APPROVAL, [row.id, cameOf.said, AGAIN_MS]);
    } else {
      await store.run(SETTLE_APPROVAL, [row.id, cameOf.type, cameOf.said]);
    }
  }

  /** O3. */
  private act(row: ApprovalRow): Promise<CameOf> {
    if (row.is_stale) return settle(this.ports, row, 'failed', 'it could not be done in an hour');
    return this.kinds[row.action](row);
  }
}

const WAS_DONE: CameOf = { type: 'done', said: 'It was done.' };
