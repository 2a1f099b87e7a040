// NB: what is left when the coordinator is gone for good, and all but a quorum of members with it.
//
// From a state of the search, messages of the past are lost and failures stop: a survivor in doubt
// stands in, and every call of its to a survivor is delivered and answered, in whatever order;
// those to the others are not. If a higher promise is in its way, it stands in again. What follows
// is a graph; it is right if it has no cycle, and if at each end every survivor has decided that
// knows of the transaction at all.
import type { BranchId } from '@concordat/protocols';
import { callKey, isFinal, quorumOf } from '@concordat/protocols';
import type { Stood } from './ballot-participant.js';
import { canonical } from './intern.js';
import type { ParticipantRules, SurrogateRules } from './parts.js';

/** Somebody stands in among survivors. The standings are of all members, in their order. */
interface Place<Surrogate> {
  readonly standings: readonly Stood[];
  readonly self: number;
  readonly surrogate: Surrogate;
}

const NO_TOKEN = 1;

export class Survivors<Surrogate> {
  private readonly verdicts = new Map<string, string | undefined>();
  private readonly numbers = new Map<Stood, number>();
  private readonly quorums: readonly (readonly number[])[];

  constructor(
    private readonly branches: readonly BranchId[],
    private readonly participants: ParticipantRules<Stood>,
    private readonly surrogates: SurrogateRules<Stood, Surrogate>,
  ) {
    this.quorums = quorumsOf(branches.length);
  }

  faultOf(standings: readonly Stood[]): string | undefined {
    // Views hold the same object for the same standing, which is quicker to find than its text.
    const key = standings.map((standing) => this.numberOf(standing)).join();
    if (this.verdicts.has(key)) return this.verdicts.get(key);
    let fault: string | undefined;
    for (const quorum of this.quorums) {
      for (const self of quorum) fault ??= this.standIn(standings, quorum, self);
    }
    this.verdicts.set(key, fault);
    return fault;
  }

  private standIn(
    standings: readonly Stood[],
    quorum: readonly number[],
    self: number,
  ): string | undefined {
    const own = standings[self] ?? null;
    if (own === null || isFinal(own)) return undefined;
    const surrogate = this.surrogates.standIn(this.idOf(self), own);
    if (surrogate === undefined) return this.say(standings, quorum, 'nobody stands in');
    return this.look({ standings, self, surrogate }, quorum);
  }

  private look(place: Place<Surrogate>, quorum: readonly number[]): string | undefined {
    const key = `${quorum.join()} ${canonical(place)}`;
    if (this.verdicts.has(key)) return this.verdicts.get(key);
    this.verdicts.set(key, this.say(place.standings, quorum, 'they go round in circles'));
    const fault = this.lookBeyond(place, quorum);
    this.verdicts.set(key, fault);
    return fault;
  }

  private lookBeyond(place: Place<Surrogate>, quorum: readonly number[]): string | undefined {
    const next = this.comingAfter(place, quorum);
    for (const one of next) {
      const fault = this.look(one, quorum);
      if (fault !== undefined) return fault;
    }
    if (next.length > 0) return undefined;
    const { standings, self } = place;
    const isOutbid = this.surrogates.calls(place.surrogate).length === 0;
    const own = standings[self] ?? null;
    if (isOutbid && own !== null && !isFinal(own)) return this.standIn(standings, quorum, self);
    const undecided = quorum.find((i) => {
      const standing = standings[i] ?? null;
      return standing !== null && !isFinal(standing);
    });
    return undecided === undefined ? undefined : this.say(standings, quorum, 'they do not decide');
  }

  /** After one call to a survivor, and its reply. */
  private comingAfter(
    place: Place<Surrogate>,
    quorum: readonly number[],
  ): readonly Place<Surrogate>[] {
    const { standings, self, surrogate } = place;
    const before = this.surrogates.calls(surrogate);
    return before.flatMap((call) => {
      const i = this.branches.indexOf(call.branch);
      if (!quorum.includes(i)) return [];
      const answers = this.participants.answersTo(standings[i] ?? null, {
        ...call,
        token: NO_TOKEN,
      });
      return answers.flatMap(({ standing, reply }) => {
        if (reply === null) return [];
        const heard = this.surrogates.hears(surrogate, call, reply);
        const isAnswered = !this.surrogates
          .calls(heard)
          .some((outstanding) => callKey(outstanding) === callKey(call));
        return isAnswered
          ? [{ standings: standings.with(i, standing), self, surrogate: heard }]
          : [];
      });
    });
  }

  private say(standings: readonly Stood[], quorum: readonly number[], what: string): string {
    const all = quorum.map((i) => {
      return `${this.idOf(i)} ${this.participants.describe(standings[i] ?? null)}`;
    });
    return `NB: without the coordinator, of a quorum with ${all.join(', ')}: ${what}`;
  }

  private idOf(i: number): BranchId {
    const id = this.branches[i];
    if (id === undefined) throw new RangeError('a survivor is on the roster');
    return id;
  }

  private numberOf(standing: Stood): number {
    const known = this.numbers.get(standing);
    if (known !== undefined) return known;
    const number = this.numbers.size;
    this.numbers.set(standing, number);
    return number;
  }
}

/** Every smallest quorum of a roster, by the places on it. */
function quorumsOf(members: number): readonly (readonly number[])[] {
  const subsets = Array.from({ length: 2 ** members }, (_, bits) =>
    Array.from({ length: members }, (__, i) => i).filter((i) => (bits >> i) % 2 === 1),
  );
  return subsets.filter(({ length }) => length === quorumOf(members));
}
