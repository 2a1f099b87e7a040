// Whoever is refused although he was serious is in the audit too, with why.
import type { AuditLine } from '@concordat/engine';
import { Refusal, TriedInVain } from '../api.js';
import type { Store } from '../ports.js';

/** @param line of what is asked for, whatever comes of it */
export async function orRefused<T>(
  { store }: { readonly store: Store },
  line: Omit<AuditLine, 'stage'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && !(error instanceof TriedInVain)) {
      const refused = { ...line, stage: 'refused' as const, evidence: { why: error.detail } };
      await store.audited(refused, () => Promise.resolve());
    }
    throw error;
  }
}
