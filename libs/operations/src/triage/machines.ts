// The machines of the protocols as data, to be drawn: where a transaction can be, and how it gets
// from one place to the next. The diagrams are those at the head of each protocol's file.
//
// D1. An edge is what one event can do. A version may hold several events, so two lines of a
//     journal may be several edges apart; what is drawn as visited is replayed event by event.
// D2. machines.spec.ts exhausts the protocols: whatever they do is an edge here, and every edge is
//     something that they do.
import type { ProtocolName } from '@concordat/protocols';
import type { MachineView } from '@concordat/wire/operations';

interface MachineFigure {
  /** In the order in which a transaction that goes well passes them; the way back comes after. */
  readonly phases: readonly string[];
  readonly edges: MachineView['edges'];
  /** What a crash of the coordinator means in each phase. */
  readonly ifItCrashed: Readonly<Record<string, string>>;
}

const TAKES_UP =
  'Another coordinator, or this one once it is back, takes it up from the journal within seconds';
const NOTHING = 'Nothing: it has ended, and its outcome is remembered.';
const WAITS =
  'Nothing is asked of anybody yet. The initiator may go on at any coordinator; at the deadline ' +
  'it is rolled back.';

const twoPhaseCommit: MachineFigure = {
  phases: ['active', 'preparing', 'committing-one-phase', 'committing', 'rolling-back', 'ended'],
  edges: [
    { from: 'active', to: 'preparing', when: 'commit asked' },
    { from: 'active', to: 'committing-one-phase', when: 'commit asked, of a lone branch' },
    { from: 'active', to: 'rolling-back', when: 'rollback asked, or the deadline' },
    { from: 'active', to: 'ended', when: 'there is no branch' },
    { from: 'preparing', to: 'committing', when: 'every vote is yes' },
    {
      from: 'preparing',
      to: 'rolling-back',
      when: 'a refusal, too many attempts, the deadline, rollback asked',
    },
    { from: 'preparing', to: 'ended', when: 'nobody is left to be told' },
    { from: 'committing-one-phase', to: 'ended', when: 'its word' },
    { from: 'committing', to: 'ended', when: 'every branch has acknowledged' },
    { from: 'rolling-back', to: 'ended', when: 'every branch has acknowledged' },
  ],
  ifItCrashed: {
    active: WAITS,
    preparing: `No decision is durable. ${TAKES_UP} and asks for the missing votes again; what is prepared waits, with its locks.`,
    'committing-one-phase': `The decision is the participant's own. ${TAKES_UP} and asks it again what became of the branch.`,
    committing: `The decision COMMIT is durable. ${TAKES_UP} and tells every branch that has not acknowledged; to roll one back would break atomicity.`,
    'rolling-back': `The decision ROLLBACK is durable. ${TAKES_UP} and tells every branch that has not acknowledged; to commit one would break atomicity.`,
    ended: NOTHING,
  },
};

const decidedByQuorum = 'a quorum has obeyed, or a member has';

const threePhaseCommit: MachineFigure = {
  phases: [
    'active',
    'voting',
    'pre-committing',
    'electing',
    'pre-aborting',
    'committing',
    'aborting',
    'ended',
  ],
  edges: [
    { from: 'active', to: 'voting', when: 'commit asked' },
    { from: 'active', to: 'aborting', when: 'rollback asked, or the deadline' },
    { from: 'active', to: 'ended', when: 'there is no branch' },
    { from: 'voting', to: 'pre-committing', when: 'every vote is yes' },
    {
      from: 'voting',
      to: 'aborting',
      when: 'a refusal, too many attempts, the deadline, rollback asked',
    },
    { from: 'voting', to: 'ended', when: 'nobody is left to be told' },
    { from: 'pre-committing', to: 'committing', when: `${decidedByQuorum} committed` },
    { from: 'pre-committing', to: 'aborting', when: 'a member has aborted' },
    { from: 'pre-committing', to: 'electing', when: 'a member has promised a higher ballot' },
    { from: 'electing', to: 'pre-committing', when: 'a quorum has promised; it may be committed' },
    {
      from: 'electing',
      to: 'pre-aborting',
      when: 'a quorum has promised; none can have committed',
    },
    { from: 'electing', to: 'committing', when: 'a member has committed' },
    { from: 'electing', to: 'aborting', when: 'a member has aborted' },
    { from: 'pre-aborting', to: 'aborting', when: `${decidedByQuorum} aborted` },
    { from: 'pre-aborting', to: 'committing', when: 'a member has committed' },
    { from: 'pre-aborting', to: 'electing', when: 'a member has promised a higher ballot' },
    ...['pre-committing', 'electing', 'pre-aborting'].map((from) => {
      return { from, to: 'ended', when: 'every member says that it has decided' };
    }),
    { from: 'committing', to: 'ended', when: 'every branch has acknowledged' },
    { from: 'aborting', to: 'ended', when: 'every branch has acknowledged' },
  ],
  ifItCrashed: {
    active: WAITS,
    voting: `No decision is durable, and none was prepared: members that hear nobody abort among themselves. ${TAKES_UP}.`,
    'pre-committing': `The members decide among themselves, as a quorum of them stands. ${TAKES_UP} and adopts what they have decided, or goes on at its ballot.`,
    electing: `The members decide among themselves, as a quorum of them stands. ${TAKES_UP} and elects again.`,
    'pre-aborting': `The members decide among themselves, as a quorum of them stands. ${TAKES_UP} and adopts what they have decided, or goes on at its ballot.`,
    committing: `The decision COMMIT is durable, and a quorum knows of it. ${TAKES_UP} and tells the rest.`,
    aborting: `The decision ROLLBACK is durable. ${TAKES_UP} and tells the rest.`,
    ended: NOTHING,
  },
};

const tcc: MachineFigure = {
  phases: ['active', 'trying', 'confirming', 'cancelling', 'ended'],
  edges: [
    { from: 'active', to: 'trying', when: 'commit asked' },
    { from: 'active', to: 'cancelling', when: 'rollback asked, or the deadline' },
    { from: 'active', to: 'ended', when: 'there is no branch' },
    { from: 'trying', to: 'confirming', when: 'every try is done' },
    {
      from: 'trying',
      to: 'cancelling',
      when: 'a refusal, too many attempts, the deadline, rollback asked',
    },
    { from: 'trying', to: 'ended', when: 'nobody is left to be told' },
    { from: 'confirming', to: 'ended', when: 'every branch has acknowledged' },
    { from: 'cancelling', to: 'ended', when: 'every branch has acknowledged' },
  ],
  ifItCrashed: {
    active: WAITS,
    trying: `No decision is durable. ${TAKES_UP} and asks for the missing tries again; what is reserved stays reserved.`,
    confirming: `The decision COMMIT is durable. ${TAKES_UP} and confirms every reservation that is not confirmed.`,
    cancelling: `The decision ROLLBACK is durable. ${TAKES_UP} and cancels every reservation that is not cancelled.`,
    ended: NOTHING,
  },
};

const saga: MachineFigure = {
  phases: ['forward', 'pivoting', 'completing', 'backward', 'ended'],
  edges: [
    { from: 'forward', to: 'pivoting', when: 'every step that is not after the pivot is done' },
    {
      from: 'forward',
      to: 'backward',
      when: 'a refusal, too many attempts, the deadline, rollback asked',
    },
    { from: 'forward', to: 'ended', when: 'every step is done, or none is to be compensated' },
    { from: 'pivoting', to: 'completing', when: 'the pivot is done' },
    { from: 'pivoting', to: 'backward', when: 'the pivot is refused' },
    { from: 'pivoting', to: 'ended', when: 'the pivot is done, or refused, and nothing is left' },
    { from: 'completing', to: 'ended', when: 'every step is done' },
    { from: 'backward', to: 'ended', when: 'everything is compensated, as far as it can be' },
  ],
  ifItCrashed: {
    forward: `${TAKES_UP} and goes on with the steps that are under way: one that was done answers what it answered before.`,
    pivoting: `${TAKES_UP} and asks for the pivot again. Only its answer decides; nothing is compensated before it.`,
    completing: `It is decided: nothing is compensated any more. ${TAKES_UP} and asks for what remains until it is done.`,
    backward: `It is decided: it goes back. ${TAKES_UP} and compensates what remains.`,
    ended: NOTHING,
  },
};

export const machineFigures: { readonly [P in ProtocolName]: MachineFigure } = {
  '2pc': twoPhaseCommit,
  '3pc': threePhaseCommit,
  tcc,
  saga,
};
