// A journal as some version of the coordinator has left it: transactions of every protocol, stopped
// at every call that they make, and some that have ended. It is kept in testdata/, and never made
// again by a later version: those must read it as it is.
import type { Answer, BeginRequest } from '@concordat/engine';
import type { BranchId, Operation, ProtocolName } from '@concordat/protocols';
import type { Pool } from 'pg';
import { eventually } from '../support/eventually.js';
import type { Script } from '../engine/engines.js';
import { branch, instanceOn, request, willing } from '../engine/engines.js';

type Row = { readonly [column: string]: unknown };

export interface OldJournal {
  /** By its name: where each must end, or has ended. */
  readonly outcomes: { readonly [name: string]: string };
  readonly tables: { readonly [table: string]: readonly Row[] };
}

const TABLES = ['global_transaction', 'ended_transaction', 'journal', 'idempotency_key'];
/** Later than any version that reads it: what is under way must be finished, not rolled back. */
const CENTURY_MS = 3_155_760_000_000;

interface Scene {
  readonly protocol: ProtocolName;
  /** The call that the bank never answers; undefined: it ends. */
  readonly stopsAt: Operation | undefined;
  readonly outcome: string;
  /** The shop refuses, which turns everything back. */
  readonly refuses?: boolean;
  /** The bank is done when all are, so the shop comes after the pivot. */
  readonly pivot?: boolean;
}

const scenes: readonly Scene[] = [
  { protocol: '2pc', stopsAt: 'prepare', outcome: 'committed' },
  { protocol: '2pc', stopsAt: 'commit', outcome: 'committed' },
  { protocol: '2pc', stopsAt: 'rollback', outcome: 'rolled-back', refuses: true },
  { protocol: '2pc', stopsAt: undefined, outcome: 'committed' },
  { protocol: '3pc', stopsAt: 'can-commit', outcome: 'committed' },
  { protocol: '3pc', stopsAt: 'pre-commit', outcome: 'committed' },
  { protocol: '3pc', stopsAt: 'do-commit', outcome: 'committed' },
  { protocol: '3pc', stopsAt: 'abort', outcome: 'rolled-back', refuses: true },
  { protocol: '3pc', stopsAt: undefined, outcome: 'committed' },
  { protocol: 'tcc', stopsAt: 'try', outcome: 'committed' },
  { protocol: 'tcc', stopsAt: 'confirm', outcome: 'committed' },
  { protocol: 'tcc', stopsAt: 'cancel', outcome: 'rolled-back', refuses: true },
  { protocol: 'tcc', stopsAt: undefined, outcome: 'rolled-back', refuses: true },
  { protocol: 'saga', stopsAt: 'execute', outcome: 'committed' },
  { protocol: 'saga', stopsAt: 'execute', outcome: 'committed', pivot: true },
  { protocol: 'saga', stopsAt: 'compensate', outcome: 'rolled-back', refuses: true },
  { protocol: 'saga', stopsAt: undefined, outcome: 'rolled-back', refuses: true },
];

const forward: ReadonlySet<Operation> = new Set(['prepare', 'can-commit', 'try', 'execute']);
const inDoubt: Answer = { type: 'in-doubt', reason: 'not today' };

function nameOf({ protocol, stopsAt, pivot = false }: Scene): string {
  const where = stopsAt === undefined ? 'that has ended' : `stopped at ${stopsAt}`;
  return `a ${protocol} ${where}${pivot ? ' of the pivot' : ''}`;
}

function requestOf(scene: Scene, number: number): BeginRequest {
  const retry = { attemptsMax: null, firstDelayMs: 1, delayMaxMs: 2 };
  const { protocol, pivot = false } = scene;
  const isSaga = protocol === 'saga';
  const name = nameOf(scene);
  return request({
    protocol,
    name,
    metadata: { made: 'long ago' },
    deadlineMs: CENTURY_MS,
    branches: [
      branch('bank', { retry, pivot, payload: { scene: number, to: ['bob', null, 1.5] } }),
      branch('shop', {
        retry,
        payload: { scene: number },
        dependsOn: isSaga ? ['bank' as BranchId] : [],
      }),
    ],
    idempotency: { key: name, digest: `digest of ${name}` },
  });
}

/** The payload says which scene it is. */
const script: Script = (question) => {
  const { branch: asked, operation } = question.call;
  const { scene } = question.payload as { readonly scene: number };
  const { stopsAt, refuses = false } = scenes[scene] as Scene;
  if (asked === 'bank' && operation === stopsAt) return inDoubt;
  if (asked === 'shop' && refuses && forward.has(operation)) {
    return { type: 'reply', reply: { type: 'refused' }, note: 'sold out' };
  }
  const answer = willing(question) as Answer;
  const hasResult = answer.type === 'reply' && operation === 'execute';
  return hasResult ? { ...answer, result: { reservation: asked } } : answer;
};

/** Makes one on an empty journal, with the present version. */
export async function writeOldJournal(databaseUrl: string, pool: Pool): Promise<OldJournal> {
  const { engine } = await instanceOn(databaseUrl, script);
  engine.start();
  for (const [number, scene] of scenes.entries()) {
    const { gtid } = await engine.begin(requestOf(scene, number));
    await eventually(`${nameOf(scene)} is there`, async () => {
      await engine.written();
      const record = await engine.find(gtid);
      if (scene.stopsAt === undefined) return record !== undefined && record.endedAt !== null;
      return record?.attempts.some(({ count, operation }) => {
        return count >= 2 && operation === scene.stopsAt;
      });
    });
  }
  await engine.stop(1_000);
  const tables: { [table: string]: readonly Row[] } = {};
  for (const table of TABLES) {
    const { rows } = await pool.query<{ row: Row }>(
      `select row_to_json(one) as row from concordat.${table} one order by one::text`,
    );
    tables[table] = rows.map(({ row }) => row);
  }
  const outcomes = Object.fromEntries(scenes.map((scene) => [nameOf(scene), scene.outcome]));
  return { outcomes, tables };
}

/** Columns that a later version has added take their defaults, as a migration would give them. */
export async function restoreOldJournal(pool: Pool, { tables }: OldJournal): Promise<void> {
  for (const [table, rows] of Object.entries(tables)) {
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    await pool.query(
      `insert into concordat.${table} (${columns})
       select ${columns} from json_populate_recordset(null::concordat.${table}, $1)`,
      [JSON.stringify(rows)],
    );
  }
}
