// Who has made whose key: what there is to tell two people apart by.
//
//   CONCORDAT_API_KEY ──made──▶ admin ──made──▶ maria
//                                 └────made──▶ jo       neither of these two has made the other
//
// M1. Whoever makes a key is shown it, so he can be whoever uses it; and so can whoever has made
//     his own key, and so on to the first one.
// M2. Who has made a key never changes, and a key is never deleted. That the maker's own key was
//     revoked meanwhile changes nothing: he has seen what he has made.
// M3. The setting's key has no maker here, and nobody whom an identity provider vouches for has.
import type { Run } from './ports.js';
import { FIND_MAKERS } from './statements/find-makers.js';

/** What a principal is told apart by (A1 of principal.ts). */
export interface PrincipalName {
  readonly kind: string;
  readonly id: string;
}

/** As `made_by` of a key has it. */
export function principalText({ kind, id }: PrincipalName): string {
  return `${kind}:${id}`;
}

/** As far as it was asked for: of any others it says that they have no makers. */
export class Makers {
  private constructor(private readonly makers: ReadonlyMap<string, readonly string[]>) {}

  /** Of all that `principals` were made by. Rejects with JournalUnavailable. */
  static async of(run: Run, principals: readonly PrincipalName[]): Promise<Makers> {
    const asked = [...new Set(principals.map(principalText))];
    const rows = await run<{ readonly principal: string; readonly maker: string }>(FIND_MAKERS, [
      asked,
    ]);
    const makers = Map.groupBy(rows, ({ principal }) => principal);
    const lines = [...makers].map(([of, made]) => [of, made.map(({ maker }) => maker)] as const);
    return new Makers(new Map(lines));
  }

  /** M1: the maker of its key, that one's, and so on; in no order. Empty by M3. */
  makersOf(principal: PrincipalName): readonly string[] {
    return this.makers.get(principalText(principal)) ?? [];
  }

  /** M1: whether `one` has made the key of `other`, or a key from which it comes. */
  hasMade(one: PrincipalName, other: PrincipalName): boolean {
    return this.makersOf(other).includes(principalText(one));
  }
}
