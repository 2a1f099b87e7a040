// What Postgres will not hold (EntryRejected): a trigger refuses every version that enters a phase,
// as a constraint or a text that Postgres cannot store would. Each test proves that it has.
import type { Ports, Postponement } from '@concordat/engine';
import { EntryRejected } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { beforeEach, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Instance } from './engines.js';
import { instanceOn, quickLimits, request, silence, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const PATIENCE_MS = 60_000;
const HOUR_MS = 3_600_000;

await pool.query(`
  create table unfit (phase text);
  create sequence refusals;
  create function refuse() returns trigger language plpgsql as $$ begin
    if exists (select from unfit where phase = new.phase) then
      perform nextval('refusals');
      raise exception 'no room for %', new.phase using errcode = 'check_violation';
    end if;
    return new;
  end $$;
  create trigger refuses before update on concordat.global_transaction
    for each row when (new.phase <> old.phase) execute function refuse()`);

beforeEach(async () => {
  await pool.query('truncate unfit, concordat.global_transaction'); // what rests, too
  await pool.query("select setval('refusals', 1, false)");
});

async function refuse(phase: string): Promise<void> {
  await pool.query('insert into unfit values ($1)', [phase]);
}

async function wasRefused(): Promise<boolean> {
  const { rows } = await pool.query<{ is_called: boolean }>('select is_called from refusals');
  return rows[0]?.is_called === true;
}

interface Resting {
  readonly stuck: boolean;
  readonly version: number;
  readonly rests_ms: number;
  readonly errors: readonly string[];
  readonly counts: readonly number[];
}

async function restingOf(gtid: GlobalTransactionId): Promise<Resting | undefined> {
  const { rows } = await pool.query<Resting>(
    `select stuck, version, 1000 * extract(epoch from due_at - now())::integer as rests_ms,
            array(select json_array_elements(attempts)->>'lastError') as errors,
            array(select (json_array_elements(attempts)->>'count')::integer) as counts
       from concordat.global_transaction where gtid = $1`,
    [gtid],
  );
  return rows[0];
}

async function outcomeOf({ engine }: Instance, gtid: GlobalTransactionId): Promise<unknown> {
  const record = await engine.untilEnded(gtid, PATIENCE_MS);
  return record && summaryOf(record.transaction).outcome;
}

const operations = ({ asked }: Instance): readonly string[] =>
  asked.map(({ call }) => call.operation);

test('a decision that it will not hold is not carried out: it rests, and is shown with the reason', async () => {
  await refuse('committing');
  const instance = await instanceOn(databaseUrl, willing, { parkedMs: HOUR_MS });
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request({ deadlineMs: 2 * HOUR_MS }));
  const resting = await eventually('it is stuck', async () => {
    const row = await restingOf(gtid);
    return row?.stuck === true ? row : undefined;
  });
  expect(await wasRefused()).toBe(true);
  expect(resting.version).toBe(1);
  expect(resting.rests_ms).toBeGreaterThan(HOUR_MS / 2);
  const reason = 'the journal cannot hold what has come of it: no room for committing';
  expect(resting.errors).toEqual([reason, reason]);
  const { stuckAttemptsMin } = quickLimits;
  expect(resting.counts).toEqual([stuckAttemptsMin, stuckAttemptsMin]); // it stays stuck
  expect(operations(instance)).toEqual(['prepare', 'prepare']);
  expect(instance.troubles).toEqual([expect.any(EntryRejected)]);

  const other = await instance.engine.begin(request({ protocol: 'saga' })); // others go on
  expect(await outcomeOf(instance, other.gtid)).toBe('committed');
});

test('it is tried again by itself, and ends when the journal is mended', async () => {
  await refuse('committing');
  const instance = await instanceOn(databaseUrl, willing, { parkedMs: 50 });
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request());
  await eventually('it is refused again', () => instance.troubles.length > 1);
  expect(await restingOf(gtid)).toMatchObject({ stuck: true, version: 1 });
  await pool.query('truncate unfit');
  expect(await outcomeOf(instance, gtid)).toBe('committed');
});

test('its deadline decides, if the journal holds that', async () => {
  await refuse('committing');
  const instance = await instanceOn(databaseUrl, willing, { parkedMs: 50 });
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request({ deadlineMs: 1_000 }));
  expect(await outcomeOf(instance, gtid)).toBe('rolled-back');
  expect(await wasRefused()).toBe(true);
  expect(operations(instance)).not.toContain('commit');
});

test('a deadline that it will not hold does not come again and again', async () => {
  await refuse('rolling-back');
  const instance = await instanceOn(databaseUrl, willing, { parkedMs: HOUR_MS });
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request({ driven: false, deadlineMs: 200 }));
  await eventually('it is stuck', async () => (await restingOf(gtid))?.stuck === true);
  expect((await restingOf(gtid))?.rests_ms).toBeGreaterThan(HOUR_MS / 2);
  expect(instance.troubles).toEqual([expect.any(EntryRejected)]);
});

test('what an initiator asks for is refused to it, and is no fault of the transaction', async () => {
  await refuse('rolling-back');
  const { answer, speak } = silence();
  const parked: Postponement[] = [];
  const spy = (ports: Ports): Ports => {
    const postpone: Ports['agenda']['postpone'] = (one) => {
      if (one.stuck) parked.push(one);
      return ports.agenda.postpone(one);
    };
    const { agenda } = ports;
    const take = agenda.take.bind(agenda);
    const takeDue = agenda.takeDue.bind(agenda);
    const handOver = agenda.handOver.bind(agenda);
    return { ...ports, agenda: { take, takeDue, handOver, postpone } };
  };
  const instance = await instanceOn(databaseUrl, () => answer, {}, spy);
  instance.engine.start();
  const { gtid } = await instance.engine.begin(request());
  await expect(instance.engine.wish(gtid, 'rollback')).rejects.toThrow(EntryRejected);
  expect(await wasRefused()).toBe(true);
  expect(parked).toEqual([]);
  await pool.query('truncate unfit');
  await instance.engine.wish(gtid, 'rollback');
  speak({ type: 'reply', reply: { type: 'acknowledged' } });
  expect(await outcomeOf(instance, gtid)).toBe('rolled-back');
});
