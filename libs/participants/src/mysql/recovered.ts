// What XA RECOVER lists, parsed. A name is one piece of bytes, with the lengths of its halves.
import type { Xid } from '@concordat/wire';
import type { Ran, Session } from './sessions.js';
import { FORMAT_ID, XA_RECOVER } from './statements/xa.js';

/** One row. MariaDB's `data` is bytes. */
export interface RecoverRow {
  readonly formatID: number;
  readonly gtrid_length: number;
  readonly bqual_length: number;
  readonly data: Uint8Array | string;
}

export interface Recovered extends Xid {
  /** Its name has the form of ours. */
  readonly isOurForm: boolean;
}

const UNPRINTABLE = /[^\x20-\x7e]/;

/** Of everything that is prepared on the server, or why that is not known. */
export async function recovered(
  session: Session,
): Promise<readonly Recovered[] | Exclude<Ran<never>, { type: 'done' }>> {
  const ran = await session.run<RecoverRow>({ text: XA_RECOVER });
  return ran.type === 'done' ? ran.rows.map(recoveredFrom) : ran;
}

export function isListed(list: readonly Recovered[], { gtrid, bqual }: Xid): boolean {
  return list.some((one) => one.isOurForm && one.gtrid === gtrid && one.bqual === bqual);
}

/** Halves that are no printable ASCII are given as hexadecimal digits: they are none of ours. */
export function recoveredFrom({
  formatID,
  gtrid_length,
  bqual_length,
  data,
}: RecoverRow): Recovered {
  const bytes = Buffer.from(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  const halves = [
    bytes.subarray(0, gtrid_length),
    bytes.subarray(gtrid_length, gtrid_length + bqual_length),
  ].map((half) => half.toString('latin1'));
  const [gtrid = '', bqual = ''] = halves;
  if (!UNPRINTABLE.test(gtrid + bqual)) return { gtrid, bqual, isOurForm: formatID === FORMAT_ID };
  const hex = (half: string): string => `0x${Buffer.from(half, 'latin1').toString('hex')}`;
  return { gtrid: hex(gtrid), bqual: hex(bqual), isOurForm: false };
}
