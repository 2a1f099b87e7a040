// Drives the main job over HTTP, as any initiator would, and tells what happens.
import { paint, say } from '../lib/say.mjs';
import { killHalfway } from './killed-bank.mjs';
import { money } from './money.mjs';
import { storiesOf, storyOfACrash } from './stories.mjs';
import { begin, tell } from './story.mjs';

/** @typedef {import('./cast.mjs').Cast} Cast */
/** @typedef {import('./story.mjs').Transaction} Transaction */

/**
 * @param {string} coordinatorUrl
 * @param {Cast} cast
 * @param {import('./notary.mjs').Notary} notary registered as `notary`
 */
export async function playDemo(coordinatorUrl, cast, notary) {
  const collection = `${coordinatorUrl}/v1/transactions`;
  const total = await cast.total();
  /** @type {Transaction[]} */
  const ended = [];
  for (const story of storiesOf(cast)) {
    ended.push(await tell(ended.length + 1, story, () => begin(collection, story, 'wait=20')));
  }
  const crash = storyOfACrash(cast);
  const kill = killHalfway(collection, notary, cast.participants.eta);
  ended.push(await tell(ended.length + 1, crash, () => kill(crash)));

  const count = (/** @type {string} */ outcome) =>
    ended.filter((transaction) => transaction.outcome === outcome).length;
  const held = `the banks hold ${money(await cast.total())}, as before (${money(total)})`;
  const sum = `${count('committed')} committed, ${count('rolled-back')} rolled back`;
  say(`\n${paint('bold', `${ended.length} transactions: ${sum}`)}; ${held}`);
}
