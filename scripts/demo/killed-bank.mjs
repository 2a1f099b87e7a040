// The story in which a bank is killed after it has voted.
//
//   alfa     prepared ──────────────────▶ commit ✓
//   beta     prepared ─ kill -9 ✗ ──────▶ commit … … … (started again) ✓
//   notary   hesitates ────────▶ agrees
//                                  the decision: durable from here on
import { say } from '../lib/say.mjs';
import { until } from '../lib/wait.mjs';
import { begin } from './story.mjs';

/** @typedef {import('./story.mjs').Story} Story */
/** @typedef {import('./story.mjs').Transaction} Transaction */
/** @typedef {import('../lib/service.mjs').Service} Service */

const PATIENCE = { timeoutMs: 30_000 };

/**
 * @param {import('./transactions.mjs').Transactions} transactions
 * @param {import('./notary.mjs').Notary} notary
 * @param {Service} bank the one to be killed; its branch is `credit`
 * @returns {(story: Story) => Promise<Transaction>}
 */
export function killHalfway(transactions, notary, bank) {
  return async (story) => {
    try {
      return await tellOf(transactions, notary, bank, story);
    } finally {
      notary.agree(); // the house serves on, however this has ended
      if (bank.pid === undefined) await bank.start();
    }
  };
}

/**
 * @param {import('./transactions.mjs').Transactions} transactions
 * @param {import('./notary.mjs').Notary} notary
 * @param {Service} bank
 * @param {Story} story
 */
async function tellOf(transactions, notary, bank, story) {
  const begunAt = performance.now();
  const note = (/** @type {string} */ what) => {
    const at = `${Math.round(performance.now() - begunAt)} ms`;
    say(`     ${at.padStart(9)}  ${what}`);
  };
  notary.hesitate();
  const { gtid } = await begin(transactions, story, 'respond-async');
  /** @param {string} what @param {(current: Transaction) => boolean} holds */
  const untilIt = (what, holds) =>
    until(
      `${what} of ${gtid}`,
      async () => {
        const current = await transactions.find(gtid);
        return holds(current) && current;
      },
      PATIENCE,
    );

  await untilIt('the votes of both banks', (current) => areIn('prepared', current));
  note('both banks have prepared, and the notary hesitates');
  const { pid } = bank;
  await bank.kill();
  note(`kill -9 ${pid}: ${bank.name} is gone`);
  notary.agree();
  await untilIt('the decision', ({ decision }) => decision === 'commit');
  note('the notary has agreed: the decision is commit, and durable');
  const failed = await untilIt('a failed attempt', (current) => branchOf(current).attempts > 0);
  note(`${bank.name} cannot be told: ${branchOf(failed).lastError}`);
  await bank.start();
  note(`${bank.name} is back, as process ${bank.pid}`);
  const ended = await untilIt('the end', ({ phase }) => phase === 'ended');
  note(`${bank.name} was told, and has committed what it had prepared`);
  return ended;
}

/**
 * @param {string} state
 * @param {Transaction} transaction
 */
function areIn(state, { branches }) {
  return branches.filter(({ id }) => id !== 'notary').every((branch) => branch.state === state);
}

/** @param {Transaction} transaction */
function branchOf({ branches }) {
  const branch = branches.find(({ id }) => id === 'credit');
  if (branch === undefined) throw new Error('the transaction has a branch called credit');
  return branch;
}
