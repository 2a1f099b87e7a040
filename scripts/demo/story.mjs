// One story: a global transaction, from what is asked for to what has become of it.
import { Failure } from '../lib/failure.mjs';
import { paint, say } from '../lib/say.mjs';
import { Late } from '../lib/wait.mjs';

/** @typedef {import('./cast.mjs').Gauge} Gauge */
/** @typedef {import('./transactions.mjs').Transactions} Transactions */
/**
 * @typedef {object} Story
 * @property {string} title the protocol
 * @property {string} plot who wants what: the name of its transaction
 * @property {string} how it comes about
 * @property {string} protocol
 * @property {readonly object[]} branches as the request has them
 * @property {readonly Gauge[]} gauges what to look at, before and after
 * @property {'committed' | 'rolled-back'} outcome how it is to end
 */
/**
 * @typedef {object} Branch
 * @property {string} id
 * @property {string | object} participant a name, or where it is
 * @property {string} state
 * @property {number} attempts
 * @property {string} [lastError]
 */
/**
 * @typedef {object} Transaction as the coordinator represents it
 * @property {string} gtid
 * @property {string} phase
 * @property {string} [outcome]
 * @property {string} decision
 * @property {Branch[]} branches
 */

const INDENT = ' '.repeat(5);

/**
 * Lets it happen, and tells it.
 * @param {number} number
 * @param {Story} story
 * @param {(story: Story) => Promise<Transaction>} perform
 * @returns {Promise<Transaction>}
 */
export async function tell(number, story, perform) {
  const { title, plot, how, gauges } = story;
  say(`\n${String(number).padStart(3)}  ${paint('bold', title)}  ${plot}`);
  say(INDENT + paint('dim', how));
  const before = await readAll(gauges);
  const begunAt = performance.now();
  const transaction = await perform(story);
  const tookMs = Math.round(performance.now() - begunAt);
  const after = await readAll(gauges);
  sayEnd(transaction, story, tookMs);
  gauges.forEach(({ label }, i) => sayChange(label, before[i] ?? '', after[i] ?? ''));
  return transaction;
}

/**
 * @param {Transactions} transactions
 * @param {Story} story
 * @param {'wait=20' | 'respond-async'} prefer how long to wait for its end
 * @returns {Promise<Transaction>}
 */
export function begin(transactions, { protocol, plot, branches }, prefer) {
  return transactions.begin({ protocol, name: plot, branches }, prefer);
}

/** @param {readonly Gauge[]} gauges */
function readAll(gauges) {
  return Promise.all(gauges.map(({ read }) => read()));
}

/**
 * @param {Transaction} transaction
 * @param {Story} story
 * @param {number} tookMs
 */
function sayEnd(transaction, { title, outcome: expected }, tookMs) {
  const { phase, outcome, decision, gtid } = transaction;
  if (outcome === undefined) throw new Late(`the end of ${gtid} (${title}): not in time; ${phase}`);
  if (outcome !== expected) {
    const log = JSON.stringify(transaction, undefined, 2);
    throw new Failure(`${title}: ${outcome}, and not ${expected}`, { log });
  }
  const colour = outcome === 'committed' ? 'green' : 'yellow';
  const end = paint(['bold', colour], outcome);
  say(`${INDENT}decision ${decision}, outcome ${end} after ${tookMs} ms  ${paint('dim', gtid)}`);
}

/**
 * @param {string} label
 * @param {string} before
 * @param {string} after
 */
function sayChange(label, before, after) {
  const change = before === after ? 'as before' : `→ ${after.padStart(9)}`;
  say(`${INDENT}${label.padEnd(24)} ${before.padStart(9)}  ${change}`);
}
