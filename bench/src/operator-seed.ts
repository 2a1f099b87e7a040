// A journal as large as is wanted, made by copying: real transactions are begun at a coordinator,
// and SQL multiplies their rows. Only what tells them apart is changed.
import type pg from 'pg';

const DAY_MS = 86_400_000;
export const DAYS = 7;

export interface Templates {
  /** Committed. */
  readonly ended: string;
  /** Undecided: a participant does not answer. */
  readonly stuckAsking: string;
  /** Decided, and a participant does not answer. */
  readonly stuckTelling: string;
}

/** $1 an expression of type float8, in ms; $2 one that differs from row to row. */
function gtidSql(atMs: string, n: string): string {
  const chance = `md5(${n}::text)`;
  return `(lpad(to_hex((${atMs})::bigint), 12, '0') || '7' || substr(${chance}, 1, 3) || '8'
           || substr(${chance}, 4, 15))::uuid`;
}

/** The partitions of the last days, as they would have been made when the days were to come. */
export async function makePartitions(client: pg.Client): Promise<void> {
  for (let ago = 1; ago <= DAYS; ago += 1) {
    const from = (Math.floor(Date.now() / DAY_MS) - ago) * DAY_MS;
    const suffix = new Date(from).toISOString().slice(0, 10).replaceAll('-', '');
    for (const table of ['journal', 'ended_transaction']) {
      await client.query(`
        create table if not exists concordat.${table}_${suffix} partition of concordat.${table}
          for values from ('${lowestIdAt(from)}') to ('${lowestIdAt(from + DAY_MS)}')`);
    }
  }
}

function lowestIdAt(instant: number): string {
  const hex = instant.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Of the last days, evenly; in the order in which they ended, as they would have been written. */
export async function seedEnded(client: pg.Client, { ended }: Templates, count: number) {
  const until = Date.now() - 1_000;
  const times = `
    select n, ${until - DAYS * DAY_MS}::float8 + n * ${(DAYS * DAY_MS) / count}::float8 as at,
           5 + (-150 * ln(1 - (hashint8(n)::bigint & 65535) / 65536.0))::float8 as took
      from generate_series(1, ${count}) as n`;
  await client.query(
    `insert into concordat.ended_transaction
            (gtid, protocol, name, participants, metadata, begun_at, ended_at, version, outcome,
             owner, state, attempts, tenant)
     select ${gtidSql('at - took', 'n')},
            case n % 10 when 0 then '3pc' when 1 then 'tcc' when 2 then 'saga' else '2pc' end,
            case when n % 20000 = 0 then 'seldom' when n % 3 = 0 then 'checkout' else 'transfer' end,
            case when n % 10000 = 0 then array['gifts'] else participants end,
            case when n % 10 = 0 then jsonb_build_object('order', n::text) else '{}' end,
            to_timestamp((at - took) / 1000), to_timestamp(at / 1000), version,
            case when n % 1000 = 1 then 'heuristic-mixed' when n % 40 = 2 then 'rolled-back'
                 else outcome end,
            owner, state, attempts,
            case when n % 500 = 3 then 'tiny' when n % 10 = 4 then 'acme' else tenant end
       from (${times}) as times, concordat.ended_transaction as template
      where template.gtid = $1 order by n`,
    [ended],
  );
  await client.query(
    `insert into concordat.journal (gtid, version, at, line, definition)
     select ${gtidSql('times.at - took', 'n')}, 1, to_timestamp((times.at - took) / 1000),
            line, definition
       from (${times}) as times, concordat.journal as template
      where template.gtid = $1 and template.version = 1 order by n`,
    [ended],
  );
}

/** Stuck at forty participants, half of them decided; some held back by a person. */
export async function seedStuck(client: pg.Client, templates: Templates, count: number) {
  const begun = Date.now() - DAY_MS;
  for (const [offset, template] of [
    [0, templates.stuckAsking],
    [1, templates.stuckTelling],
  ] as const) {
    const copies = `
      select n, ${begun}::float8 + n * 1000 as at, 'dead-' || n % 40 as dead
        from generate_series(1, ${Math.floor(count / 2)}) as n`;
    const gtid = gtidSql('copies.at', `n || '-${offset}'`);
    await client.query(
      `insert into concordat.global_transaction
              (gtid, protocol, name, participants, metadata, begun_at, version, phase, owner, stuck,
               due_at, state, attempts, tenant)
       select ${gtid}, protocol, name, array['alive', dead], metadata,
              to_timestamp(copies.at / 1000), version, phase, owner, true, now() + interval '1 day',
              case when n % 50 = 0 then (left(state::text, -1) || ',"paused":true}')::json
                   else state end,
              replace(attempts::text, '127.0.0.1:9', '10.0.0.' || n % 250 || ':' || 5000 + n)::json,
              case when n % 10 = 4 then 'acme' else tenant end
         from (${copies}) as copies, concordat.global_transaction as template
        where template.gtid = $1`,
      [template],
    );
    await client.query(
      `insert into concordat.journal (gtid, version, at, line, definition)
       select ${gtid}, version, to_timestamp(copies.at / 1000), line,
              replace(definition::text, '"dead"', '"' || dead || '"')::json
         from (${copies}) as copies, concordat.journal as template
        where template.gtid = $1`,
      [template],
    );
  }
}
