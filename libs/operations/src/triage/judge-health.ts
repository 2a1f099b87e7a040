// What is to be said of a participant's health, at a glance and in one sentence. Pure.
//
//   a database that the last scan could not ask ───▶ silent, whatever is known of calls
//   a person holds it back ────────────────────────▶ paused
//   called, and it has answered nothing ───────────▶ silent
//   it fails some of its calls, or calls are stuck ─▶ failing; unless it answers again, for a while
//   not called in the last minutes ────────────────▶ unknown
//   else ──────────────────────────────────────────▶ healthy
//
// J1. A service is judged by the calls to it. A database that nobody calls is scanned all the same,
//     one that a person holds back too: what is prepared in it is not known while that fails.
import type { ParticipantHealthView } from '@concordat/wire/operations';

type Judged = Pick<ParticipantHealthView, 'health' | 'said'>;

/** Of calls that are in doubt: more than this share is no chance. */
const FAILING_SHARE = 0.1;
/** Answered for so long since the last call that was not: it is over. */
const OVER_MS = 10_000;

type Seen = Pick<ParticipantHealthView, 'calls' | 'paused' | 'stuck' | 'resourceManager'>;

export function judgeHealth(seen: Seen): Judged {
  const { calls, paused, stuck, resourceManager } = seen;
  const judged = paused === null ? judgeCalls(calls, stuck) : judgePause(paused);
  if (resourceManager?.reachable !== false) return judged;
  const because = resourceManager.lastError === undefined ? '' : `: ${resourceManager.lastError}`;
  const said = `The last scan of it had no answer${because}. ${judged.said}`;
  return { health: 'silent', said }; // J1
}

function judgePause({ by, reason }: NonNullable<Seen['paused']>): Judged {
  return { health: 'paused', said: `Paused by ${by}: ${reason}` };
}

function judgeCalls(calls: Seen['calls'], stuck: number): Judged {
  const stuckSaid =
    stuck === 0 ? '' : ` ${counted(stuck, 'transaction is', 'transactions are')} stuck at it.`;
  if (calls === null) {
    const health = stuck > 0 ? 'failing' : 'unknown';
    return { health, said: `Not called by this coordinator in the last minutes.${stuckSaid}` };
  }
  const { answered, inDoubt, lastError } = calls;
  const because = lastError === undefined ? '' : `: ${lastError}`;
  if (answered === 0) {
    const said = `It has answered none of ${counted(inDoubt, 'call', 'calls')}${because}.${stuckSaid}`;
    return { health: 'silent', said };
  }
  const isOften = inDoubt / (answered + inDoubt) > FAILING_SHARE;
  if ((isOften && !answersAgain(calls)) || stuck > 0) {
    const of = `${inDoubt} of ${counted(answered + inDoubt, 'call', 'calls')}`;
    const said = `${of} in doubt${inDoubt === 0 ? '' : because}.${stuckSaid}`;
    return { health: 'failing', said };
  }
  const before = isOften ? `, and ${inDoubt} before that got no answer` : '';
  const said = `It has answered ${counted(answered, 'call', 'calls')}${before}.`;
  return { health: 'healthy', said };
}

function answersAgain({
  lastErrorAt,
  lastAnsweredAt,
}: NonNullable<ParticipantHealthView['calls']>): boolean {
  if (lastErrorAt === undefined || lastAnsweredAt === undefined) return false;
  return Date.parse(lastAnsweredAt) - Date.parse(lastErrorAt) > OVER_MS;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
