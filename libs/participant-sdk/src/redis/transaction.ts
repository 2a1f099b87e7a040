// What a handler reads and writes through: reads are answered now and verified later, writes are
// only collected.
//
// T1. A read is of what is in Redis, not of what this handler has collected: to read a key after
//     having written it is a mistake, and is said.
// T2. There is no write whose success cannot be known beforehand (scripts/commit.ts). So there is
//     none that moves between keys, compares, expires, or goes by what type a key happens to have.
// T3. When the handler has returned, it is over: what comes later would be lost, and is said.
import { READ } from './scripts/read.js';
import type { RedisClient } from './run-script.js';
import { runScript, scriptOf } from './run-script.js';
import type { Slots } from './slots.js';

/**
 * The commands of Redis, by their names. What `set` and its like are given is written together
 * with the memory of the call, or not at all. In a cluster every key must have the barrier's tag.
 */
export interface RedisTransaction {
  get(key: string): Promise<string | null>;
  exists(key: string): Promise<boolean>;
  hget(key: string, field: string): Promise<string | null>;
  hgetall(key: string): Promise<Readonly<Record<string, string>>>;
  sismember(key: string, member: string): Promise<boolean>;
  smembers(key: string): Promise<readonly string[]>;
  scard(key: string): Promise<number>;
  zscore(key: string, member: string): Promise<number | null>;
  zrange(key: string, start: number, stop: number): Promise<readonly string[]>;
  llen(key: string): Promise<number>;
  lrange(key: string, start: number, stop: number): Promise<readonly string[]>;

  set(key: string, value: string): void;
  del(key: string): void;
  /** @param by a whole number; what is counted stays within those that JavaScript has exactly */
  incrby(key: string, by: number): void;
  hset(key: string, fields: Readonly<Record<string, string>>): void;
  hdel(key: string, ...fields: readonly string[]): void;
  /** @param by as for `incrby` */
  hincrby(key: string, field: string, by: number): void;
  sadd(key: string, ...members: readonly string[]): void;
  srem(key: string, ...members: readonly string[]): void;
  zadd(key: string, score: number, member: string): void;
  zrem(key: string, ...members: readonly string[]): void;
  rpush(key: string, ...values: readonly string[]): void;
  /** With an id that Redis makes. */
  xadd(key: string, fields: Readonly<Record<string, string>>): void;
}

/** `key` is an index into the keys of the collection; the first one is 0. */
interface Planned {
  readonly command: string;
  readonly key: number;
  readonly args: readonly string[];
}

export interface PlannedRead extends Planned {
  readonly digest: string;
}

export interface Collected {
  readonly keys: readonly string[];
  readonly reads: readonly PlannedRead[];
  readonly writes: readonly Planned[];
}

/** Of one call. A script runs alone: while it does, Redis serves nobody else. */
const STEPS_MAX = 1_000;
const ARGUMENTS_MAX = 1_000;

const READ_SCRIPT = scriptOf(READ);

/** What one run of a handler reads and writes. */
export class Collecting {
  readonly tx: RedisTransaction;
  private readonly keys: string[] = [];
  private readonly reads: PlannedRead[] = [];
  private readonly writes: Planned[] = [];
  private isOver = false;

  constructor(
    private readonly redis: RedisClient,
    private readonly slots: Slots,
  ) {
    this.tx = { ...this.reading(), ...this.writing() };
  }

  /** The handler has returned (T3). */
  end(): Collected {
    this.isOver = true;
    const { keys, reads, writes } = this;
    return { keys, reads, writes };
  }

  private reading(): Pick<RedisTransaction, ReadName> {
    const flag = async (...read: ReadArguments) => (await this.read(...read)) === 1;
    const count = async (...read: ReadArguments) => Number(await this.read(...read));
    const text = async (...read: ReadArguments) => asText(await this.read(...read));
    const texts = async (...read: ReadArguments) => asTexts(await this.read(...read));
    return {
      get: (key) => text('GET', key),
      exists: (key) => flag('EXISTS', key),
      hget: (key, field) => text('HGET', key, field),
      hgetall: async (key) => fieldsIn(await texts('HGETALL', key)),
      sismember: (key, member) => flag('SISMEMBER', key, member),
      smembers: (key) => texts('SMEMBERS', key),
      scard: (key) => count('SCARD', key),
      zscore: async (key, member) => asScore(await text('ZSCORE', key, member)),
      zrange: (key, start, stop) => texts('ZRANGE', key, whole(start), whole(stop)),
      llen: (key) => count('LLEN', key),
      lrange: (key, start, stop) => texts('LRANGE', key, whole(start), whole(stop)),
    };
  }

  private writing(): Omit<RedisTransaction, ReadName> {
    const write = (command: string, key: string, args: readonly string[]): void =>
      this.write(command, key, args);
    /** What Redis takes several of, and refuses none of. */
    const some = (command: string, key: string, args: readonly string[]): void => {
      if (args.length > 0) write(command, key, args);
    };
    return {
      set: (key, value) => write('SET', key, [value]),
      del: (key) => write('DEL', key, []),
      incrby: (key, by) => write('INCRBY', key, [whole(by)]),
      hset: (key, fields) => some('HSET', key, Object.entries(fields).flat()),
      hdel: (key, ...fields) => some('HDEL', key, fields),
      hincrby: (key, field, by) => write('HINCRBY', key, [field, whole(by)]),
      sadd: (key, ...members) => some('SADD', key, members),
      srem: (key, ...members) => some('SREM', key, members),
      zadd: (key, score, member) => write('ZADD', key, [finite(score), member]),
      zrem: (key, ...members) => some('ZREM', key, members),
      rpush: (key, ...values) => some('RPUSH', key, values),
      xadd: (key, fields) => write('XADD', key, ['*', ...someFields(fields)]),
    };
  }

  private async read(command: string, key: string, ...args: readonly string[]): Promise<unknown> {
    const index = this.indexOf(key);
    if (this.writes.some((write) => write.key === index)) {
      throw new Error(`the key "${key}" was written in this call: read it before`); // T1
    }
    requireRoom(this.reads, args);
    const [digest, reply] = asPair(
      await runScript(this.redis, READ_SCRIPT, [key], [command, ...args]),
    );
    this.requireUnderWay();
    this.reads.push({ command, key: index, args, digest });
    return reply;
  }

  private write(command: string, key: string, args: readonly string[]): void {
    if (args.some((arg) => typeof arg !== 'string')) throw new Error(`${command} takes texts only`);
    requireRoom(this.writes, args);
    this.writes.push({ command, key: this.indexOf(key), args });
  }

  private indexOf(key: string): number {
    this.requireUnderWay();
    this.slots.requireNear(key);
    const known = this.keys.indexOf(key);
    return known === -1 ? this.keys.push(key) - 1 : known;
  }

  /** T3. */
  private requireUnderWay(): void {
    if (this.isOver) throw new Error('the handler has returned: its transaction is over');
  }
}

type ReadName =
  | 'get'
  | 'exists'
  | 'hget'
  | 'hgetall'
  | 'sismember'
  | 'smembers'
  | 'scard'
  | 'zscore'
  | 'zrange'
  | 'llen'
  | 'lrange';

type ReadArguments = readonly [command: string, key: string, ...args: readonly string[]];

function requireRoom(steps: readonly Planned[], args: readonly string[]): void {
  if (steps.length < STEPS_MAX && args.length <= ARGUMENTS_MAX) return;
  throw new Error(`a call may read and write ${STEPS_MAX} times, ${ARGUMENTS_MAX} things at once`);
}

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is not a whole number`);
  return String(value);
}

function finite(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is not a number that can be a score`);
  return String(value);
}

function someFields(fields: Readonly<Record<string, string>>): readonly string[] {
  const flat = Object.entries(fields).flat();
  if (flat.length === 0) throw new Error('an entry of a stream has at least one field');
  return flat;
}

function asPair(reply: unknown): readonly [string, unknown] {
  const [digest, value] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
  return [String(digest), value ?? null];
}

function asText(reply: unknown): string | null {
  return typeof reply === 'string' ? reply : null;
}

function asTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

function asScore(text: string | null): number | null {
  return text === null ? null : Number(text.replace('inf', 'Infinity'));
}

/** Of names and values in turn. */
function fieldsIn(flat: readonly string[]): Readonly<Record<string, string>> {
  const pairs = flat.flatMap((name, index) =>
    index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [],
  );
  return Object.fromEntries(pairs) as Readonly<Record<string, string>>;
}
