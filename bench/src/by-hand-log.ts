// The log of the hand-written loops: group commit, as short as it can be written. What arrives
// while a batch is being written goes with the next, all of it in one statement and one commit.
import { setImmediate as nextTurn } from 'node:timers/promises';
import pg from 'pg';

const CREATE = `
  create table if not exists log (
    id bigint primary key, payload json not null,
    begun_at timestamptz not null, ended_at timestamptz
  ) with (fillfactor = 70)`;

const WRITE = `
  with begun as (
    insert into log (id, payload, begun_at)
    select id, payload, now() from unnest($1::bigint[], $2::json[]) as begun (id, payload)
  )
  update log set ended_at = now()
  from unnest($3::bigint[]) as ended (id)
  where log.id = ended.id`;

interface Line {
  readonly id: number;
  /** Of a beginning; an end has none. */
  readonly payload: string | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ByHandLog {
  private waiting: Line[] = [];
  private isWriting = false;

  private constructor(private readonly client: pg.Client) {}

  static async open(databaseUrl: string | undefined): Promise<ByHandLog> {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query(CREATE);
    return new ByHandLog(client);
  }

  /** Resolves when it is durable. */
  begin(id: number, payload: string): Promise<void> {
    return this.append(id, payload);
  }

  /** Resolves when it is durable. */
  end(id: number): Promise<void> {
    return this.append(id, undefined);
  }

  private append(id: number, payload: string | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting.push({ id, payload, resolve, reject });
    if (!this.isWriting) {
      this.isWriting = true;
      this.writeAll().catch(reject);
    }
    return promise;
  }

  private async writeAll(): Promise<void> {
    await nextTurn(); // what else arrives in this one is company
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.isWriting = false;
  }

  private async write(batch: readonly Line[]): Promise<void> {
    const begun = batch.filter(({ payload }) => payload !== undefined);
    const ended = batch.filter(({ payload }) => payload === undefined);
    await this.client.query({
      name: 'write',
      text: WRITE,
      values: [
        begun.map(({ id }) => id),
        begun.map(({ payload }) => payload),
        ended.map(({ id }) => id),
      ],
    });
  }
}
