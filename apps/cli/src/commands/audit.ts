// `concordat audit`: what people did, the latest first; `audit verify`: that nobody has changed it.
import type { AuditListView, AuditVerdictView } from '@concordat/wire/operations';
import { auditListSchema, auditVerdictSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api, Query } from '../api.js';
import { operations } from '../api.js';
import { exitCodes } from '../failure.js';
import { gtidOf } from '../gtid.js';
import { pagesOf } from '../paging.js';
import { auditLines } from '../render/audit.js';
import type { Look } from '../render/look.js';
import { wrapped } from '../render/text.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import { whole } from './filters.js';

interface Options {
  readonly gtid?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly limit: number;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100_000;

export function addAudit(program: Command, shell: Shell): void {
  const audit = program
    .command('audit')
    .description('what people did, who, when, why and upon what evidence; the latest first')
    .option('--gtid <gtid>', 'to this transaction')
    .option('--actor <id>', 'of this person, or this key')
    .option('--action <action>', 'of this kind')
    .option('--limit <n>', 'how many at most', whole(1, LIMIT_MAX), LIMIT_DEFAULT)
    .action(
      shell.answering<Options>(async ({ api, options: { gtid, actor, action, limit } }) => {
        const id = gtid === undefined ? undefined : await gtidOf(api, gtid);
        return told(await pages(api, { gtid: id, actor, action }, limit), ({ items }, look) =>
          items.length === 0 ? ['none'] : items.flatMap((item) => auditLines(item, look)),
        );
      }),
    );
  audit
    .command('verify')
    .description('recompute the chain of hashes: exit code 1 if it is broken')
    .action(
      shell.answering(async ({ api }) => {
        const verdict = await api.get(operations('audit', 'verify'), auditVerdictSchema);
        const code = verdict.intact ? exitCodes.done : exitCodes.refused;
        return told(verdict, verdictLines, code);
      }),
    );
}

async function pages(api: Api, query: Query, limit: number): Promise<AuditListView> {
  const { pages: found, cursor } = await pagesOf(
    (page) => api.get(operations('audit'), auditListSchema, { ...query, ...page }),
    limit,
    undefined,
  );
  return { items: found.flatMap(({ items }) => items), cursor };
}

function verdictLines(
  { intact, said, head, brokenAt }: AuditVerdictView,
  { paint, columns }: Look,
): readonly string[] {
  const [first = '', ...rest] = wrapped(said, columns);
  const where = brokenAt === undefined ? [] : [`broken at line ${brokenAt}`];
  const end = head === '' ? [] : [paint('dim', `head ${head}`)]; // there is no line yet
  return [paint(intact ? 'green' : 'red', first), ...rest, ...where, ...end];
}
