// One resource manager, watched.
//
//   prepared ──▶ what the journal knows ──▶ prepared again ──▶ verdict ──▶ finish, presume, leave
//      P              of each in P               Q             on P ∩ Q
//
// Source: transaction_recovery.c of Citus, whose order this is.
//
// P1. P before the journal: what was durable before its branches were prepared is not unheard of.
// P2. Q after the journal: what is still there when its end was known is not just being ended. It
//     is the same if it has the same name and id, and was prepared at the same time.
// P3. A resource manager that cannot be asked is reported, and asked again at the next scan; what
//     was last heard of it stays.
// P4. The first look says at once what it is going to wait for (first-look.ts).
import type { NamedBranch, PreparedBranch, SelfTest } from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import { act } from './act.js';
import type { Counts, Finding, Scan, Status } from './findings.js';
import { byUrgency, counted, isNews, nothingFound } from './findings.js';
import { firstWords, isAwaited } from './first-look.js';
import { originOf } from './knowledge.js';
import { knowledgeOf } from './lookup.js';
import type { RecoveryOptions, RecoveryPorts, Spared } from './ports.js';
import { Sightings } from './sightings.js';
import { Patience, Repeated, Turns } from './turns.js';
import type { Knowledge } from './verdict.js';
import { SCANS_MIN, verdictOn } from './verdict.js';

/** What one scan has found out. */
interface Found {
  readonly findings: readonly Finding[];
  readonly counts: Counts;
  readonly notExamined: number;
}

export class Watch {
  private readonly turns = new Turns();
  private readonly patience: Patience;
  private readonly sightings = new Sightings();
  private readonly scans = new Repeated(this.turns, () => this.scanNow());
  private readonly selfTests = new Repeated(this.turns, () => this.selfTestNow());
  private found: Found = { findings: [], counts: nothingFound, notExamined: 0 };
  /** Where the next scan goes on if there is more than one can examine. */
  private nextAt = 0;
  private hasLooked = false;
  private stopping = false;
  private known: Pick<Status, 'lastScan' | 'lastSeenAt' | 'lastSelfTest' | 'notes'> = {
    lastScan: undefined,
    lastSeenAt: undefined,
    lastSelfTest: undefined,
    notes: [],
  };

  constructor(
    private readonly resourceManager: Spared,
    private readonly ports: RecoveryPorts,
    private readonly options: RecoveryOptions,
  ) {
    this.patience = new Patience(ports.timers);
  }

  get name(): string {
    return this.resourceManager.name;
  }

  status(): Status {
    const { name, kind, address } = this.resourceManager;
    const { counts, notExamined } = this.found;
    const findings = this.found.findings.slice(0, this.options.limits.shownMax);
    return { name, kind, address, counts, notExamined, findings, ...this.known };
  }

  /** Scans it, once whatever is under way is over. */
  scan(): Promise<Scan> {
    return this.scans.once();
  }

  selfTest(): Promise<NonNullable<Status['lastSelfTest']>> {
    return this.selfTests.once();
  }

  /** Begins nothing more; resolves when what is under way has ended, or is not waited for. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.patience.end();
    await this.turns.take(() => Promise.resolve());
  }

  private async scanNow(): Promise<Scan> {
    const at = this.ports.clock.now();
    const error = this.stopping ? 'the coordinator is stopping' : await this.tryToScan();
    const { counts } = this.found;
    const tookMs = this.ports.clock.now() - at;
    const scan = { resourceManager: this.name, at, tookMs, error, counts };
    const lastSeenAt = error === undefined ? at : this.known.lastSeenAt;
    this.known = { ...this.known, lastScan: scan, lastSeenAt };
    this.ports.observer.scanned(scan);
    return scan;
  }

  /** P3. @returns why it could not be asked; undefined if it could */
  private async tryToScan(): Promise<string | undefined> {
    try {
      await this.look();
      return undefined;
    } catch (error) {
      if (!(error instanceof ResourceManagerUnreachable)) throw error;
      return error.message;
    }
  }

  private async look(): Promise<void> {
    const { ports, options } = this;
    const first = await this.prepared(); // P1
    const ours = first.filter((branch) => this.isToExamine(branch));
    this.sightings.see(ours.map(keyOf), ports.clock.now());
    const some = this.window(ours);
    const knowledge = await knowledgeOf(some, ports, options.limits.lookupsAtOnceMax);
    const second = ours.length === 0 ? first : await this.prepared(); // P2
    const still = new Set(second.map(keyOf));
    const before = new Map(this.found.findings.map((finding) => [keyOf(finding.branch), finding]));
    const findings: Finding[] = [];
    const awaited: Finding[] = [];
    for (const [index, branch] of some.entries()) {
      const known = knowledge[index];
      assert(known !== undefined, 'something is known of each, were it nothing');
      if (!still.has(keyOf(branch)) || this.stopping) continue;
      const finding = await this.deal(branch, known);
      this.note(finding, before.get(keyOf(branch)));
      findings.push(finding);
      if (isAwaited(finding, known, ports.cluster)) awaited.push(finding);
    }
    if (knowledge.every(({ type }) => type !== 'unreadable')) this.saySoAtFirst(awaited);
    const others = second.filter((branch) => !this.isToExamine(branch)).length;
    const notExamined = ours.length - some.length;
    const counts = counted(findings, others);
    this.found = { findings: findings.toSorted(byUrgency), counts, notExamined };
  }

  private async deal(branch: NamedBranch, known: Knowledge): Promise<Finding> {
    const { ports, options } = this;
    const { firstSeenAt, ...sighting } = this.sightings.of(keyOf(branch), ports.clock.now());
    const origin = originOf(branch.name, ports.cluster);
    const verdict = verdictOn(origin, known, sighting, options.policy);
    const { scans } = sighting;
    // What is seen for the first time is most likely just being ended.
    const isEarly = verdict.action.type === 'ring' && scans < SCANS_MIN;
    const done = await act(branch, isEarly ? { type: 'leave' } : verdict.action, {
      resourceManager: this.resourceManager,
      engine: ports.engine,
      clock: ports.clock,
      patience: this.patience,
      answerTimeoutMs: options.limits.answerTimeoutMs,
    });
    return { branch, verdict, done, firstSeenAt, scans };
  }

  /** P4. */
  private saySoAtFirst(awaited: readonly Finding[]): void {
    const words = this.hasLooked ? undefined : firstWords(this.name, awaited, this.options);
    this.hasLooked = true;
    if (words !== undefined) this.ports.observer.troubled('recovery', words);
  }

  private note(finding: Finding, before: Finding | undefined): void {
    if (!isNews(finding, before)) return;
    const note = { ...finding, at: this.ports.clock.now(), resourceManager: this.name };
    const notes = [note, ...this.known.notes].slice(0, this.options.limits.notesMax);
    this.known = { ...this.known, notes };
    this.ports.observer.noted(note);
  }

  private async selfTestNow(): Promise<NonNullable<Status['lastSelfTest']>> {
    const { selfTestTimeoutMs } = this.options.limits;
    const at = this.ports.clock.now();
    const result = await this.patience
      .ask(selfTestTimeoutMs, () => this.resourceManager.selfTest())
      .catch(failedSelfTest);
    const lastSelfTest = { ...result, at };
    this.known = { ...this.known, lastSelfTest };
    return lastSelfTest;
  }

  private prepared(): Promise<readonly PreparedBranch[]> {
    const { answerTimeoutMs } = this.options.limits;
    return this.patience.ask(answerTimeoutMs, () => this.resourceManager.prepared());
  }

  /** What others have prepared is counted, and nothing is asked about it. */
  private isToExamine(branch: PreparedBranch): branch is NamedBranch {
    const origin = originOf(branch.name, this.ports.cluster);
    return origin === 'our-cluster' || origin === 'no-cluster';
  }

  /** As many as one scan may examine, beginning where the last one stopped. */
  private window(ours: readonly NamedBranch[]): readonly NamedBranch[] {
    const { examinedMax } = this.options.limits;
    if (ours.length <= examinedMax) return ours;
    const from = this.nextAt % ours.length;
    this.nextAt = from + examinedMax;
    return [...ours.slice(from), ...ours.slice(0, from)].slice(0, examinedMax);
  }
}

/** P2. */
function keyOf({ gid, id, preparedAt }: PreparedBranch): string {
  return `${gid}@${id ?? ''}@${preparedAt ?? ''}`;
}

function failedSelfTest(error: unknown): SelfTest {
  if (!(error instanceof ResourceManagerUnreachable)) throw error;
  const check = { name: 'reachable', verdict: 'fails' as const, finding: error.message };
  return { verdict: 'fails', checks: [check] };
}
