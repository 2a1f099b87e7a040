import { assert } from '@concordat/protocols';
import type { Xid } from '@concordat/wire';

/** What `xidOf` makes, and nothing that could end a literal. */
const HARMLESS = /^[A-Za-z0-9_.:-]{1,64}$/;
export const FORMAT_ID = 1;

/** XA takes no parameters: the name is part of each statement. */
export function xa(
  verb: 'start' | 'end' | 'prepare' | 'commit' | 'rollback',
  { gtrid, bqual }: Xid,
): string {
  assert(HARMLESS.test(gtrid) && HARMLESS.test(bqual), 'an XA name in a statement is made of ids');
  return `xa ${verb} '${gtrid}','${bqual}',${FORMAT_ID}`;
}

/**
 * Returns a row for each branch that is prepared on the server, whatever its database. `data` is
 * gtrid and bqual without anything in between; their lengths are in bytes.
 */
export const XA_RECOVER = 'xa recover';
