// One branch in doubt, and one attempt to end it without the coordinator.
//
//   ask the others how they stand ─┬─ one of them knows the decision ─▶ do as it says ─▶ decided
//                                  ├─ fewer than a quorum answer ─────────────────────▶ blocked
//                                  └─▶ the surrogate machine: elect oneself, then the others, …
//
// R1. The machine of the package protocols decides everything. Here is what it cannot do: calls.
// R2. `state` comes first because it harms nobody. Who cannot reach a quorum elects nobody, so that
//     a coordinator that comes back finds its ballot as it was.
// R3. The own ballot is obtained, not only promised (T2): if another run has got so far, this one
//     gives way, and never speaks for the ballot.
// R4. A call is made once in an attempt. What was not answered is for the next attempt.
// R5. An answer counts only while its call is outstanding.
// R6. Where some have committed and others aborted, the damage is done: nothing that this one could
//     do is right, and a person must hear of it.
import type { BranchId, Call, Standing, Surrogate } from '@concordat/protocols';
import {
  assert,
  callKey,
  isFinal,
  isOutstanding,
  quorumOf,
  standIn,
  surrogateCalls,
  surrogateHears,
  unreachable,
} from '@concordat/protocols';
import type { PeerAnswer } from '@concordat/wire';
import { isPeerOperation } from '@concordat/wire';
import type { Participant } from './participant.js';
import type { PeerQuestion, Peers } from './peers.js';
import type { Silent, Standings } from './standings.js';

export type Ending =
  /** This branch has ended. By an election of its own: the others in reach have been told, too. */
  | { readonly type: 'decided'; readonly decision: 'committed' | 'aborted' }
  /** R3, or somebody else has the higher ballot. */
  | { readonly type: 'gave-way' }
  /** It stays in doubt. */
  | { readonly type: 'blocked'; readonly reason: string };

export interface Company {
  readonly standings: Pick<Standings<never>, 'promise'>;
  /** The branch itself is called as the others are, though not over the network. */
  readonly participant: Participant;
  readonly peers: Pick<Peers, 'ask'>;
  /** Gives up. */
  readonly signal: AbortSignal;
}

export async function standInOnce(silent: Silent, company: Company): Promise<Ending> {
  const run = new Run(silent, company);
  const others = await run.askOthers();
  const known = others.filter(({ standing }) => standing !== null && isFinal(standing));
  const decisions = new Set(known.map(({ standing }) => standing?.state));
  if (decisions.size > 1) return contradicted(known); // R6
  if (decisions.size === 1) return run.adopt(decisions.has('committed') ? 'committed' : 'aborted');
  if (others.length + 1 < quorumOf(silent.roster.members.length)) return run.blocked(); // R2
  return run.elect();
}

class Run {
  /** Why members have not answered, by branch. */
  private readonly trouble = new Map<BranchId, string>();

  constructor(
    private readonly silent: Silent,
    private readonly company: Company,
  ) {}

  /** @returns how those stand who have answered */
  async askOthers(): Promise<readonly Told[]> {
    const others = this.members.filter((branch) => branch !== this.silent.branch);
    const told = await Promise.all(
      others.map(async (branch) => {
        const answer = await this.ask({ branch, operation: 'state' });
        return answer.type === 'state' ? [{ branch, standing: answer.standing }] : [];
      }),
    );
    return told.flat();
  }

  /** Somebody knows the decision. */
  async adopt(decision: 'committed' | 'aborted'): Promise<Ending> {
    const operation = decision === 'committed' ? 'do-commit' : 'abort';
    await this.ask({ branch: this.silent.branch, operation });
    return this.obedient(decision);
  }

  async elect(): Promise<Ending> {
    const { branch: self, standing } = this.silent;
    const begun = standIn(this.members, self, standing);
    const [own] = surrogateCalls(begun);
    assert(own?.branch === self && own.ballot !== undefined, 'a surrogate elects itself first');
    const promised = await this.company.standings.promise(this.silent, own.ballot);
    if (promised === undefined) return { type: 'gave-way' }; // R3
    const elected = surrogateHears(begun, own, { type: 'standing', standing: promised });
    return this.endingOf(await this.pursue(elected));
  }

  blocked(): Ending {
    const reasons = this.members.flatMap((branch) => {
      const reason = this.trouble.get(branch);
      return reason === undefined ? [] : [`${branch}: ${reason}`];
    });
    const all = this.members.length;
    const count = `${all - reasons.length} of ${all} branches in reach, ${quorumOf(all)} are needed`;
    return { type: 'blocked', reason: [count, ...reasons].join('; ').slice(0, REASON_LENGTH_MAX) };
  }

  /** Makes every call that is outstanding, and those that the answers open. */
  private async pursue(begun: Surrogate): Promise<Surrogate> {
    let state = begun;
    const made = new Set<string>(); // R4
    const goOn = async (): Promise<void> => {
      const fresh = surrogateCalls(state).filter((call) => !made.has(callKey(call)));
      for (const call of fresh) made.add(callKey(call));
      await Promise.all(
        fresh.map(async (call) => {
          const { branch, operation, ballot, voted } = call;
          assert(isPeerOperation(operation), 'a surrogate makes the calls of a participant');
          const answer = await this.ask({
            branch,
            operation,
            ...(ballot === undefined ? {} : { ballot }),
            ...(voted === undefined ? {} : { voted }),
          });
          state = heard(state, call, answer);
          await goOn();
        }),
      );
    };
    await goOn();
    return state;
  }

  private endingOf(state: Surrogate): Ending {
    const own = state.members.find(({ id }) => id === this.silent.branch)?.standing.state;
    if (own === 'committed' || own === 'aborted') return this.obedient(own);
    if (state.phase === 'over') return { type: 'gave-way' };
    if (state.phase === 'committing') return this.obedient('committed');
    return state.phase === 'aborting' ? this.obedient('aborted') : this.blocked();
  }

  /** The decision is known. It is reported as done if this branch has obeyed it. */
  private obedient(decision: 'committed' | 'aborted'): Ending {
    const why = this.trouble.get(this.silent.branch);
    if (why === undefined) return { type: 'decided', decision };
    return { type: 'blocked', reason: `it must be ${decision}, but this participant ${why}` };
  }

  private async ask(about: Omit<PeerQuestion, 'gtid'>): Promise<PeerAnswer> {
    const { branch } = about;
    const { participant, peers, signal } = this.company;
    const question = { gtid: this.silent.gtid, ...about };
    const isOwn = branch === this.silent.branch;
    const answer = isOwn
      ? await participant.answer(callOf(question))
      : await peers.ask(this.urlOf(branch), question, signal);
    const reason = troubleIn(answer);
    if (reason === undefined) this.trouble.delete(branch);
    else this.trouble.set(branch, reason);
    return answer;
  }

  private get members(): readonly BranchId[] {
    return this.silent.roster.members.map((member) => member.branch);
  }

  private urlOf(branch: BranchId): string {
    const member = this.silent.roster.members.find((one) => one.branch === branch);
    assert(member !== undefined, 'only members of the roster are called');
    return member.url;
  }
}

const REASON_LENGTH_MAX = 1_000;

/** How a member stands; null: it has never heard of the branch. */
interface Told {
  readonly branch: BranchId;
  readonly standing: Standing | null;
}

/** R6. */
function contradicted(known: readonly Told[]): Ending {
  const said = known.map(({ branch, standing }) => `${branch} is ${standing?.state}`).join(', ');
  const reason = `others contradict each other: ${said}`.slice(0, REASON_LENGTH_MAX);
  return { type: 'blocked', reason };
}

/** R5. */
function heard(state: Surrogate, call: Call, answer: PeerAnswer): Surrogate {
  if (answer.type !== 'reply' || !isOutstanding({ calls: surrogateCalls(state) }, call)) {
    return state;
  }
  return surrogateHears(state, call, answer.reply);
}

function callOf(question: PeerQuestion): Parameters<Participant['answer']>[0] {
  return { ...question, from: 'participant', protocol: '3pc', traceparent: null, payload: null };
}

/** Why an answer is none, as people may see it. */
function troubleIn(answer: PeerAnswer): string | undefined {
  switch (answer.type) {
    case 'state':
      return undefined;
    case 'reply':
      return answer.reply.type.startsWith('heuristic-') ? 'has done the opposite' : undefined;
    case 'working':
      return 'is busy with it';
    case 'stale':
      return 'takes the call for an old one';
    case 'balked':
      return `says: ${answer.reason}`;
    case 'in-doubt':
      return answer.reason;
    default:
      return unreachable(answer);
  }
}
