// A server whose commits wait for a synchronous standby that is not there. Who gives up waiting,
// because he is told to or because the session is ended, has committed all the same: here, and
// nowhere else. Postgres reports that as success with a warning, or as a lost connection.
import type pg from 'pg';
import { eventually } from './eventually.js';

interface Wait {
  readonly pid: number;
  /** Tells this wait from the next one of the same backend. */
  readonly since: string;
}

export class MissingStandby {
  /** How many waits were ended before the standby came back. */
  ended = 0;

  /** @param pool of a superuser, on a server of the test's own */
  constructor(private readonly pool: pg.Pool) {}

  /** From here on commits wait. */
  async goes(): Promise<void> {
    await this.set('nobody');
    await eventually('commits wait', async () => {
      const probe = this.pool.query(`select pg_logical_emit_message(true, 'probe', '')`);
      let isAnswered = false;
      const answered = probe.then(() => (isAnswered = true));
      const wait = await this.aWait(() => isAnswered);
      if (wait !== undefined) await this.pool.query('select pg_cancel_backend($1)', [wait.pid]);
      await answered;
      return wait !== undefined;
    });
  }

  /** From here on commits do not wait, and those that did go on. */
  async isNotNeeded(): Promise<void> {
    await this.set('');
    await eventually('commits do not wait', async () => {
      const { rows } = await this.pool.query<{ names: string }>(
        `select current_setting('synchronous_standby_names') as names`,
      );
      return rows[0]?.names === '';
    });
  }

  /**
   * Ends every wait that there is until `work` is done.
   * @param how `pg_cancel_backend`, or the whole session: `pg_terminate_backend`
   */
  async endingWaits<Answer>(
    how: 'pg_cancel_backend' | 'pg_terminate_backend',
    work: Promise<Answer>,
  ): Promise<Answer> {
    let isOver = false;
    const over = work.finally(() => (isOver = true));
    over.catch(() => undefined); // rejects below
    while (!isOver) {
      const wait = await this.aWait(() => isOver);
      if (wait === undefined) break;
      await this.pool.query(`select ${how}($1)`, [wait.pid]);
      this.ended += 1;
      await eventually('it waits no longer', async () =>
        (await this.waits()).every(({ since }) => since !== wait.since),
      );
    }
    return over;
  }

  /** @returns undefined if nobody waits for the standby when `isOver` */
  aWait(isOver: () => boolean = () => false): Promise<Wait | undefined> {
    return eventually('a commit waits for the standby', async () => {
      const [wait] = await this.waits();
      return wait === undefined && !isOver() ? false : { wait };
    }).then(({ wait }) => wait);
  }

  private async waits(): Promise<readonly Wait[]> {
    const { rows } = await this.pool.query<Wait>(
      `select pid, pid || ' ' || query_start::text as since
         from pg_stat_activity where wait_event = 'SyncRep'`,
    );
    return rows;
  }

  private async set(names: string): Promise<void> {
    await this.pool.query(`alter system set synchronous_standby_names = '${names}'`);
    await this.pool.query('select pg_reload_conf()');
  }
}
