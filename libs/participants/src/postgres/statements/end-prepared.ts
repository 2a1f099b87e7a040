import { assert } from '@concordat/protocols';

/** What `gidOf` makes, and nothing that could end a literal. */
const HARMLESS = /^[A-Za-z0-9_.:-]{1,199}$/;

/** Neither takes a parameter, nor may it stand in a transaction: the gid is part of its text. */
export function endPrepared(gid: string, decision: 'commit' | 'rollback'): string {
  assert(HARMLESS.test(gid), 'a gid in a statement is made of ids');
  return `${decision} prepared '${gid}'`;
}
