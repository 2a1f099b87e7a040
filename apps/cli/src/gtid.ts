// Which transaction is meant: its id, or the beginning of it.
import { parseGtid } from '@concordat/wire';
import { triageListSchema } from '@concordat/wire/operations';
import type { Api } from './api.js';
import { operations } from './api.js';
import { refused, usage } from './failure.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Fewer are the beginning of what was begun within more than a day. */
const BEGINNING_MIN = 6;
const CANDIDATES_MAX = 5;

/** @throws Failure unless it means exactly one */
export async function gtidOf(api: Api, text: string): Promise<string> {
  const parsed = parseGtid(text);
  if (!parsed.ok) throw usage(`this is the id of no transaction: ${text}`);
  if (UUID.test(parsed.value)) return parsed.value;
  if (text.length < BEGINNING_MIN) {
    throw usage(`give ${BEGINNING_MIN} characters of the id, or more`);
  }
  const query = { gtid: text.toLowerCase(), limit: String(CANDIDATES_MAX) };
  const { items } = await api.get(operations('transactions'), triageListSchema, query);
  const exact = items.find(({ gtid }) => gtid === text);
  const [first, ...others] = exact === undefined ? items : [exact];
  if (first === undefined) throw refused(`no transaction is known that begins with ${text}`);
  if (others.length === 0) return first.gtid;
  const found = items.map(({ gtid }) => `  ${gtid}`).join('\n');
  throw refused(`several transactions begin with ${text}:\n${found}`);
}
