// The connections of an instance to the databases, and what it does over them: prepares branches of
// its own, and lets recovery look at what is prepared and end it.
//
//   statement ─▶ network ─▶ database-step.ts ─▶ network ─▶ result
//                  └ lost, late, or the database is gone: nothing is heard within the time limit
//
// Each statement has a session of its own: it comes once, or never (M1 of network.ts).
import type {
  Finished,
  NamedBranch,
  PreparedBranch,
  ResourceManager,
  SelfTest,
} from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import type { DatabaseStep, Vote } from './database-step.js';
import type { Incarnation } from './incarnation.js';
import type { Surroundings } from './journal.js';
import type { Network } from './network.js';
import type { Key } from './participants.js';

/** The other side of a connection. */
export interface Server {
  readonly name: string;
  /** @param reply is not called if what has become of the statement is not known */
  serve<Value>(step: (database: DatabaseStep) => Value, reply: (value: Value) => void): void;
}

interface Statement<Value> {
  readonly about: string;
  readonly says: string;
  readonly timeoutMs: number;
  readonly step: (database: DatabaseStep) => Value;
}

export class Connections {
  constructor(
    private readonly incarnation: Incarnation,
    private readonly world: Surroundings & { readonly network: Network },
  ) {}

  /** @returns undefined if nothing was heard in time: it may be prepared, or be so later */
  prepare(server: Server, key: Key, timeoutMs: number): Promise<Vote | undefined> {
    const about = `${key.gtid} ${key.branch}`;
    const step = (database: DatabaseStep): Vote => database.prepare(key);
    return this.run(server, { about, says: `PREPARE ${about}`, timeoutMs, step });
  }

  /** @param timeoutMs after this, recovery has given up as well */
  resourceManagerOf(server: Server, timeoutMs: number): ResourceManager {
    const { name } = server;
    return {
      name,
      kind: 'postgres',
      address: name,
      prepared: async () => {
        const about = `${this.incarnation.name} scans ${name}`;
        const step = (database: DatabaseStep): readonly PreparedBranch[] => database.list();
        const listed = await this.run(server, {
          about,
          says: 'what is prepared?',
          timeoutMs,
          step,
        });
        if (listed === undefined) throw new ResourceManagerUnreachable(`${name} does not answer`);
        return listed;
      },
      finish: (found, decision) => this.finish(server, found, decision, timeoutMs),
      selfTest: (): Promise<SelfTest> => Promise.resolve({ verdict: 'passes', checks: [] }),
      close: () => Promise.resolve(),
    };
  }

  private async finish(
    server: Server,
    { name: { gtid, branch } }: NamedBranch,
    decision: 'commit' | 'rollback',
    timeoutMs: number,
  ): Promise<Finished> {
    const about = `${gtid} ${branch}`;
    const says = `${decision} prepared ${about}`;
    const step = (database: DatabaseStep): Finished => {
      this.world.recorder.told(gtid, 'participant', decision, undefined);
      return database.finish({ gtid, branch }, decision);
    };
    const finished = await this.run(server, { about, says, timeoutMs, step });
    return finished ?? { type: 'failed', reason: 'no answer' };
  }

  private run<Value>(
    server: Server,
    { about, says, timeoutMs, step }: Statement<Value>,
  ): Promise<Value | undefined> {
    const { incarnation, world } = this;
    const { network, schedule } = world;
    if (incarnation.isDeadBefore(says)) return incarnation.never();
    return new Promise((resolve) => {
      const hear = (value: Value | undefined): void => incarnation.deliver(() => resolve(value));
      schedule.after(timeoutMs, () => hear(undefined));
      network.sendOverSession({ from: incarnation.name, to: server.name, about, says }, () =>
        server.serve(step, (value) => {
          const answered = {
            from: server.name,
            to: incarnation.name,
            about,
            says: `${says}: done`,
          };
          network.sendOverSession(answered, () => hear(value));
        }),
      );
    });
  }
}
