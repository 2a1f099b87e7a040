// The name under which a branch is prepared in a resource manager.
//
//   Postgres   gid    concordat:<cluster>:<gtid>:<branch>          at most 199 bytes
//   XA         gtrid  concordat:<cluster>:<gtid>   bqual <branch>  at most 64 bytes each
//
// G1. The cluster is the journal's own id: two installations that share a resource manager never
//     end each other's branches. A participant that prepares in a database of its own does not
//     know it; its names have none (`concordat:<gtid>:<branch>`), and are never presumed upon.
// G2. Neither part can hold a colon or a quote: PREPARE TRANSACTION and XA take no parameters, so
//     whatever becomes part of a statement has come through `gidOf` or `xidOf`.
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import { isId } from './words.js';

/** What a prepared branch is called. */
export interface BranchName {
  /** Eight hexadecimal digits; undefined where a participant has prepared on its own (G1). */
  readonly cluster: string | undefined;
  readonly gtid: GlobalTransactionId;
  readonly branch: BranchId;
}

/** The two halves of an XA name. */
export interface Xid {
  readonly gtrid: string;
  readonly bqual: string;
}

const PREFIX = 'concordat';
const CLUSTER = /^[0-9a-f]{8}$/;
const XID_PART_BYTES_MAX = 64;

/** For Postgres. @throws InvariantViolation if a part was not parsed before (G2) */
export function gidOf({ cluster, gtid, branch }: BranchName): string {
  assert(isId(gtid) && isId(branch), 'the parts of a gid are ids');
  assert(cluster === undefined || CLUSTER.test(cluster), 'a cluster is eight hexadecimal digits');
  return [PREFIX, ...(cluster === undefined ? [] : [cluster]), gtid, branch].join(':');
}

/** For XA. @throws InvariantViolation like `gidOf`, and for a gtid that is too long for XA */
export function xidOf({ cluster, gtid, branch }: BranchName): Xid {
  const gtrid = gidOf({ cluster, gtid, branch }).slice(0, -branch.length - 1);
  assert(gtrid.length <= XID_PART_BYTES_MAX, 'a gtid of this coordinator fits into an XA name');
  return { gtrid, bqual: branch };
}

/** @returns undefined if `gid` is none of ours */
export function parseGid(gid: string): BranchName | undefined {
  const parts = gid.split(':');
  const [prefix, ...rest] = parts;
  const [cluster, gtid, branch] = rest.length === 3 ? rest : [undefined, ...rest];
  if (prefix !== PREFIX || rest.length < 2 || rest.length > 3) return undefined;
  if (!isId(gtid) || !isId(branch)) return undefined;
  if (cluster !== undefined && !CLUSTER.test(cluster)) return undefined;
  return { cluster, gtid: gtid as GlobalTransactionId, branch: branch as BranchId };
}

/** @returns undefined if the XA name is none of ours */
export function parseXid({ gtrid, bqual }: Xid): BranchName | undefined {
  return parseGid(`${gtrid}:${bqual}`);
}
