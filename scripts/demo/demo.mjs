// Drives the main job over HTTP, as any initiator would, and tells what happens.
import { Failure } from '../lib/failure.mjs';
import { paint, say } from '../lib/say.mjs';
import { SENDING_THE_KEY } from './closing.mjs';
import { killHalfway } from './killed-bank.mjs';
import { money } from './money.mjs';
import { storiesOf, storyOfACrash } from './stories.mjs';
import { begin, tell } from './story.mjs';

/** @typedef {import('./cast.mjs').Cast} Cast */
/** @typedef {import('./story.mjs').Transaction} Transaction */

/**
 * @param {import('./transactions.mjs').Transactions} transactions
 * @param {Cast} cast
 * @param {import('./notary.mjs').Notary} notary registered as `notary`
 */
export async function playDemo(transactions, cast, notary) {
  const total = await cast.total();
  /** @type {Transaction[]} */
  const ended = [];
  for (const story of storiesOf(cast)) {
    ended.push(await tell(ended.length + 1, story, () => begin(transactions, story, 'wait=20')));
  }
  const crash = storyOfACrash(cast);
  const kill = killHalfway(transactions, notary, cast.participants.beta);
  const last = await tell(ended.length + 1, crash, () => kill(crash));
  ended.push(last);
  const journal = `${transactions.url}/${last.gtid}/journal`;
  say(`     line by line: curl -s ${journal} ${SENDING_THE_KEY}`);

  const totalAfter = await cast.total();
  if (totalAfter !== total) {
    throw new Failure(`the banks held ${money(total)}, and now hold ${money(totalAfter)}`);
  }
  const count = (/** @type {string} */ outcome) =>
    ended.filter((transaction) => transaction.outcome === outcome).length;
  const sum = `${count('committed')} committed, ${count('rolled-back')} rolled back`;
  say(`\n${paint('bold', `${ended.length} transactions: ${sum}`)}`);
  say(`the banks hold ${money(total)} together, as they did before`);
}
