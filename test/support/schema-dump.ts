// The schema as the catalogs tell it, in a form that depends neither on the day nor on the version
// of Postgres: the effect of a migration can be read in review, as a diff of test/schema.sql.
import type pg from 'pg';

interface Relation {
  readonly oid: number;
  readonly name: string;
  readonly kind: 'r' | 'p' | 'v';
  readonly options: string | null;
  readonly partition_key: string | null;
  readonly partition_of: string | null;
  readonly definition: string | null;
}

/** Tables and views of the schema `concordat`, without the partitions that each day brings. */
export async function schemaDump(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<Relation>(`
    select c.oid::integer, c.relname as name, c.relkind as kind,
           array_to_string(c.reloptions, ', ') as options,
           case c.relkind when 'p' then pg_get_partkeydef(c.oid) end as partition_key,
           parent.relname || ' ' || pg_get_expr(c.relpartbound, c.oid) as partition_of,
           case c.relkind when 'v' then pg_get_viewdef(c.oid, true) end as definition
      from pg_class c
      left join pg_inherits on inhrelid = c.oid
      left join pg_class parent on parent.oid = inhparent
     where c.relnamespace = 'concordat'::regnamespace and c.relkind in ('r', 'p', 'v')
       and c.relname !~ '_[0-9]{8}$'
     order by c.relname`);
  const blocks: string[] = [];
  for (const relation of rows) {
    blocks.push(relation.kind === 'v' ? viewDump(relation) : await tableDump(pool, relation));
  }
  return `${blocks.join('\n\n')}\n`;
}

/** Up to version 15, Postgres qualifies the columns of a view that has one table. */
function viewDump({ name, definition }: Relation): string {
  return `create view ${name} as\n${definition?.replaceAll(/\b[a-z]+_transaction\.(?=\w)/g, '')}`;
}

async function tableDump(pool: pg.Pool, relation: Relation): Promise<string> {
  const { oid, name, options, partition_key, partition_of } = relation;
  const lines = [...(await columnsOf(pool, oid)), ...(await constraintsOf(pool, oid))];
  const tail = [
    partition_of === null ? '' : `\n  partition of ${partition_of}`,
    partition_key === null ? '' : `\n  partition by ${partition_key}`,
    options === null ? '' : `\n  with (${options})`,
  ].join('');
  const indexes = await indexesOf(pool, oid);
  return [`create table ${name} (\n  ${lines.join(',\n  ')}\n)${tail};`, ...indexes].join('\n');
}

function columnsOf(pool: pg.Pool, oid: number): Promise<readonly string[]> {
  return linesOf(
    pool,
    `select concat_ws(' ', attname, format_type(atttypid, atttypmod),
                      case when attnotnull then 'not null' end,
                      'default ' || pg_get_expr(adbin, adrelid)) as line
       from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attrelid = $1 and attnum > 0 and not attisdropped
      order by attnum`,
    oid,
  );
}

/** Not those of NOT NULL, which have names of their own from version 18 on. */
function constraintsOf(pool: pg.Pool, oid: number): Promise<readonly string[]> {
  return linesOf(
    pool,
    `select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) as line
       from pg_constraint where conrelid = $1 and contype <> 'n' order by conname`,
    oid,
  );
}

function indexesOf(pool: pg.Pool, oid: number): Promise<readonly string[]> {
  return linesOf(
    pool,
    `select pg_get_indexdef(indexrelid) || ';' as line
       from pg_index where indrelid = $1 and not indisprimary order by indexrelid::regclass::text`,
    oid,
  );
}

async function linesOf(pool: pg.Pool, query: string, oid: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ line: string }>(query, [oid]);
  return rows.map(({ line }) => line);
}
