// Where a page has ended: the sixteen bytes of its last gtid, for the client to hand back unread.
import type { GlobalTransactionId } from '@concordat/protocols';
import { BadCursor } from './errors.js';

const GTID_BYTES = 16;

export function cursorAfter(gtid: GlobalTransactionId): string {
  return Buffer.from(gtid.replaceAll('-', ''), 'hex').toString('base64url');
}

/** @throws BadCursor unless `cursorAfter` has made it */
export function gtidAt(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== GTID_BYTES || bytes.toString('base64url') !== cursor) {
    throw new BadCursor('not a cursor of this list');
  }
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
