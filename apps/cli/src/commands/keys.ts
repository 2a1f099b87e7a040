// `concordat keys`: who may come in; `keys create` makes a key and shows it, this once; `keys revoke`.
//
// K1. The key itself, and nothing else, stands on standard output: `concordat keys create … > file`
//     has it in a file. All else is for people, on the other stream.
import type { Grant, KeyView, NewKeyView } from '@concordat/wire/operations';
import {
  grantSchema,
  keyListSchema,
  keyViewSchema,
  newKeySchema,
} from '@concordat/wire/operations';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { itemOf } from '../item.js';
import { grantsText } from '../render/access.js';
import type { Look } from '../render/look.js';
import { tableOf } from '../render/table.js';
import { cleanText } from '../render/text.js';
import { agoOf } from '../render/time.js';
import type { Answer, Asked, Shell } from '../shell.js';
import { told } from '../shell.js';
import { withReason } from './acting.js';
import { future } from './times.js';

interface Making {
  readonly grant: readonly Grant[];
  readonly expires?: string;
  readonly reason: string;
}

const KEYS = 'v1/access/keys';

export function addKeys(program: Command, shell: Shell): void {
  const keys = program
    .command('keys')
    .description('the keys that are in use: what each permits, who made it, when it was used')
    .option('--all', 'also those that are revoked or have expired')
    .action(
      shell.answering<{ readonly all?: boolean }>(async ({ api, options: { all = false } }) =>
        told(await api.get(KEYS, keyListSchema), ({ items }, look) => keyLines(items, look, all)),
      ),
    );
  withReason(keys.command('create <name>'))
    .description('make a key; it is printed, alone, this once: nobody can read it again')
    .requiredOption('--grant <tenant=roles>', GRANT, grant)
    .option('--expires <time>', 'RFC 3339, or in so long: 12h, 90d; else it never does', future)
    .action(shell.answering<Making>(make));
  keys
    .command('revoke <key>')
    .description('refuse it from now on, for ever: its id, the beginning of that, or its name')
    .action(
      shell.answering(async ({ api, args: [text = ''] }) => {
        const { items } = await api.get(KEYS, keyListSchema);
        const inUse = items.filter(({ revokedAt }) => revokedAt === undefined);
        const { id } = itemOf(inUse.some((key) => isMeant(key, text)) ? inUse : items, text, 'key');
        const path = `${KEYS}/${encodeURIComponent(id)}`;
        return told(await api.send('DELETE', path, undefined, keyViewSchema), revokedLines);
      }),
    );
}

const GRANT =
  'what it permits: "shop=operator,reader", or "*=reader" in all tenants and where there is none; ' +
  'may be repeated (concordat roles)';

function isMeant({ id, name }: KeyView, text: string): boolean {
  return name === text || id.startsWith(text.toLowerCase());
}

/** K1. */
async function make({ api, args, options, shell }: Asked<Making>): Promise<Answer> {
  const [name = ''] = args;
  const { grant: grants, expires: expiresAt, reason, json } = options;
  const asked = { name, grants, reason, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const made = await api.post(KEYS, asked, newKeySchema);
  if (json !== true) for (const line of madeLines(made)) shell.complain(line);
  return told(made, ({ key }) => [key]);
}

function madeLines({ id, name, grants, expiresAt }: NewKeyView): readonly string[] {
  const end = expiresAt === undefined ? 'for ever' : `until ${expiresAt}`;
  return [
    cleanText(`done: "${name}" permits ${grantsText(grants)}, ${end} (${id})`),
    'The key is shown this once, and nobody can read it again:',
  ];
}

const COLUMNS = [
  { title: 'NAME', min: 6 },
  { title: 'BEGINS' },
  { title: 'PERMITS', min: 12 },
  { title: 'MADE', min: 10 },
  { title: 'USED', min: 8 },
  { title: 'ENDS', min: 8 },
  { title: 'ID', min: 13 },
] as const;

function keyLines(items: readonly KeyView[], look: Look, isAll: boolean): readonly string[] {
  const shown = items.filter((key) => isAll || isInUse(key, look.now));
  const rows = shown.map((key) => [
    key.name,
    key.prefix,
    grantsText(key.grants),
    `${agoOf(key.madeAt, look.now)} by ${key.madeBy}`,
    key.lastUsedAt === undefined ? 'never' : agoOf(key.lastUsedAt, look.now),
    endOf(key, look),
    key.id,
  ]);
  const hidden = items.length - shown.length;
  return [
    ...(rows.length === 0 ? ['none'] : tableOf(COLUMNS, rows, look)),
    ...(hidden === 0 ? [] : [`${hidden} more that are revoked or have expired: --all`]),
  ];
}

function isInUse({ revokedAt, expiresAt }: KeyView, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > now);
}

function endOf({ revokedAt, expiresAt }: KeyView, { now }: Look) {
  if (revokedAt !== undefined) {
    return { text: `revoked ${agoOf(revokedAt, now)}`, style: 'red' as const };
  }
  return expiresAt === undefined ? 'never' : agoOf(expiresAt, now);
}

function revokedLines({ id, name }: KeyView): readonly string[] {
  return [`done: "${name}" is refused from now on (${id})`];
}

/** @throws InvalidArgumentError unless it is one */
function grant(text: string, before: readonly Grant[] = []): readonly Grant[] {
  const at = text.indexOf('=');
  const [tenant, roles] = [text.slice(0, at), text.slice(at + 1).split(',')];
  const parsed = grantSchema.safeParse({ tenant, roles });
  if (at > 0 && parsed.success) return [...before, parsed.data];
  throw new InvalidArgumentError('It must be like shop=operator,reader (concordat roles).');
}
