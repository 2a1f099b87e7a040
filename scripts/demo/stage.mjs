// Whether the stories can be told, and what is said if not. Nothing of that keeps the house from
// serving: whoever wants to see why they cannot needs it.
import { paint, say, step } from '../lib/say.mjs';
import { Late } from '../lib/wait.mjs';
import { areBusy, PLAYERS } from './cast.mjs';
import { typed } from './closing.mjs';
import { playDemo } from './demo.mjs';

/** @typedef {import('./cast.mjs').Cast} Cast */
/** @typedef {import('./transactions.mjs').Transactions} Transactions */
/** @typedef {import('./transactions.mjs').Pause} Pause */

/**
 * @param {Transactions} transactions
 * @param {Cast} cast
 * @param {import('./notary.mjs').Notary} notary registered as `notary`
 * @param {{ withDemo: boolean }} options without it nothing is waited for
 */
export async function openStage(transactions, cast, notary, { withDemo }) {
  const paused = (await transactions.pauses()).filter(({ name }) => PLAYERS.includes(name));
  if (paused.length > 0) return sayPaused(paused, transactions.coordinatorUrl);
  const look = typed('list --unfinished', transactions.coordinatorUrl);
  if (!withDemo && (await areBusy(transactions))) {
    say(
      `\nthe accounts and the teapots are left as they are: transactions are under way (${look})`,
    );
    return;
  }
  try {
    await step(
      'cast',
      () => cast.enter(transactions),
      () => cast.introduction(),
    );
    if (withDemo) await playDemo(transactions, cast, notary);
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    say(`\n${paint('yellow', 'no more stories')}: ${error.message} (${look})`);
  }
}

/**
 * @param {readonly Pause[]} paused
 * @param {string} coordinatorUrl
 */
function sayPaused(paused, coordinatorUrl) {
  const who = paused.map(({ name, by, reason }) => `${name} is paused by ${by} (${reason})`);
  say(`\n${paint('yellow', 'no stories')}: ${who.join(', ')}. To resume:`);
  for (const { name } of paused) {
    say(typed(`participants resume ${name} --reason "go on"`, coordinatorUrl));
  }
}
