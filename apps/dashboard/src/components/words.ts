// What the words of the contract mean, and how grave they are. Each table is complete: a word that
// the contract gains does not compile until it is here.
import type {
  AuditItemView,
  Harm,
  Observed,
  ParticipantHealthView,
  Permission,
  Role,
  VerdictView,
} from '@concordat/wire/operations';
import type { TransactionView } from '@concordat/wire';

/** As in app/tokens.css. */
export type Tone = 'danger' | 'attention' | 'wait' | 'fine' | 'special' | 'neutral';

export interface Word {
  readonly tone: Tone;
  readonly label: string;
  readonly means: string;
}
type Words<K extends string> = { readonly [key in K]: Word };

const word = (tone: Tone, label: string, means: string): Word => ({ tone, label, means });

/** The worst first. */
export const harmWords: Words<Harm> = {
  heuristic: word('danger', 'heuristic', 'It has ended, and not as decided.'),
  blocking: word('danger', 'blocking', 'Sessions wait for a prepared branch of it.'),
  'in-doubt-decided': word(
    'attention',
    'in doubt, decided',
    'It is decided, and some branch has not acknowledged. Safe to drive.',
  ),
  'in-doubt-undecided': word(
    'attention',
    'in doubt, undecided',
    'It is prepared somewhere, and nothing is decided.',
  ),
  'compensation-stuck': word('attention', 'compensation stuck', 'It turns back, and cannot.'),
  'step-stuck': word('wait', 'step stuck', 'It goes neither on nor back.'),
  paused: word('special', 'paused', 'A person holds it back.'),
};
export const harms = Object.keys(harmWords) as readonly Harm[];

export type Outcome = NonNullable<TransactionView['outcome']>;
export const outcomeWords: Words<Outcome> = {
  committed: word('fine', 'committed', 'Every branch has its effect.'),
  'rolled-back': word('neutral', 'rolled back', 'No branch has an effect.'),
  'partly-compensated': word('danger', 'partly compensated', 'Some step could not be undone.'),
  'heuristic-commit': word(
    'danger',
    'heuristic commit',
    'Decided: rollback. Every branch has committed by itself.',
  ),
  'heuristic-rollback': word(
    'danger',
    'heuristic rollback',
    'Decided: commit. Every branch has rolled back by itself.',
  ),
  'heuristic-mixed': word('danger', 'heuristic mixed', 'Some have committed, some have not.'),
  'heuristic-hazard': word('danger', 'heuristic hazard', 'What some branch has done is not known.'),
};
export const outcomes = Object.keys(outcomeWords) as readonly Outcome[];

export const decisionWords: Words<TransactionView['decision']> = {
  commit: word('fine', 'commit', 'Irrevocably chosen: every branch is to have its effect.'),
  rollback: word('neutral', 'rollback', 'Irrevocably chosen: no branch is to have an effect.'),
  undecided: word('attention', 'undecided', 'Nothing is chosen yet.'),
};

export const protocolWords: { readonly [P in TransactionView['protocol']]: string } = {
  '2pc': 'Two-phase commit',
  '3pc': 'Three-phase commit',
  tcc: 'Try, confirm, cancel',
  saga: 'Saga',
};
export const protocols = Object.keys(protocolWords) as readonly TransactionView['protocol'][];

export const observedWords: Words<Observed> = {
  prepared: word('attention', 'prepared', 'It waits for the decision, and holds its locks.'),
  committed: word('fine', 'committed', 'Its work is there.'),
  'rolled-back': word('neutral', 'rolled back', 'Its work is undone, or never was.'),
  absent: word('neutral', 'absent', 'There is no trace of the branch.'),
  unknown: word('attention', 'cannot tell', 'It answers, and cannot tell.'),
  unreachable: word('danger', 'unreachable', 'No answer.'),
};

export const severityWords: Words<VerdictView['severity']> = {
  fine: word('fine', 'fine', 'Nothing needs to be done.'),
  wait: word('wait', 'wait', 'It goes on by itself.'),
  attention: word('attention', 'attention', 'A person should look.'),
  danger: word('danger', 'danger', 'Something is broken, or is about to be.'),
};

export const roleWords: { readonly [R in Role]: string } = {
  reader: 'Sees everything but payloads, keys and the audit.',
  client: 'Begins transactions: what an application does.',
  operator: 'Retries, pauses, resumes, rolls back what is undecided; pauses participants.',
  resolver: 'Answers in a participant’s place, upon evidence; asks for a forced outcome.',
  admin: 'Makes keys and alerts; pauses participants.',
  auditor: 'Reads and verifies the audit.',
};

export const permissionWords: { readonly [P in Permission]: string } = {
  read: 'see transactions, without payloads; participants, statistics',
  'payloads.read': 'see payloads, results and the queries of waiting sessions',
  'transactions.begin': 'begin, enlist, commit, roll back',
  'transactions.operate': 'retry, pause, resume, roll back what is undecided',
  'participants.operate': 'pause and resume participants; scan and test resource managers',
  'transactions.resolve':
    'answer in a participant’s place; skip, call anew, amend, forget, end an orphan',
  'outcomes.force': 'ask for a forced outcome, and approve what another has asked',
  'audit.read': 'read and verify the audit',
  'access.manage': 'make and revoke keys',
  'alerts.manage': 'make and change alerts',
};

/** The worst first. */
export const healthWords: Words<ParticipantHealthView['health']> = {
  silent: word(
    'danger',
    'does not answer',
    'What it was asked, by calls or a scan, has no answer.',
  ),
  failing: word('attention', 'failing', 'It answers some calls, and others not.'),
  paused: word('special', 'paused', 'A person holds back every call to it.'),
  unknown: word('neutral', 'not asked', 'Nothing was asked of it lately.'),
  healthy: word('fine', 'healthy', 'It answers.'),
};

/** Of a line of the audit. */
export const stageWords: Words<AuditItemView['stage']> = {
  done: word('fine', 'done', 'It was done, in the same commit as this line.'),
  intended: word(
    'wait',
    'intended',
    'Written before it was done elsewhere; another line says what came of it.',
  ),
  failed: word('danger', 'failed', 'It was tried, and not done.'),
  refused: word('attention', 'refused', 'The server has not let it happen.'),
};
