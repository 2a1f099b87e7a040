// Who plays in the stories, and what can be seen of them from outside.
import { SHOP_SERVICES } from '../house/participants.mjs';
import { until } from '../lib/wait.mjs';
import { http } from './http.mjs';
import { money } from './money.mjs';

/** @typedef {import('../house/participants.mjs').Participants} Participants */
/** @typedef {import('./transactions.mjs').Transactions} Transactions */
/** @typedef {'alice' | 'bob'} Person */
/**
 * @typedef {object} Gauge something that a story may change
 * @property {string} label
 * @property {() => Promise<string>} read
 */

const OPENING_BALANCES = { alice: 100_000, bob: 20_000 };
const TEAPOTS = 10;
const PATIENCE = { timeoutMs: 60_000, periodMs: 100 };

/** As the coordinator knows them. */
export const PLAYERS = ['alfa', 'beta', ...SHOP_SERVICES, 'notary'];

export class Cast {
  /** @param {Participants} participants */
  constructor(participants) {
    this.participants = participants;
  }

  /**
   * Everybody begins with the same as the last time, once that time is over: if it was cut short,
   * the coordinator is finishing its transactions now.
   * @param {Transactions} transactions
   */
  async enter(transactions) {
    const areFree = async () => !(await areBusy(transactions));
    await until('the end of what the last run has begun', areFree, PATIENCE);
    const { shop } = this.participants;
    for (const person of /** @type {Person[]} */ (['alice', 'bob'])) {
      const body = { id: person, balance: OPENING_BALANCES[person] };
      await http(`${this.bankOf(person).url}/accounts`, { body });
    }
    await http(`${shop.url}/stock`, { body: { sku: 'teapot', available: TEAPOTS } });
  }

  introduction() {
    const { alice, bob } = OPENING_BALANCES;
    return `alice with ${money(alice)} at alfa, bob with ${money(bob)} at beta, ${TEAPOTS} teapots`;
  }

  /** @param {Person} person */
  bankOf(person) {
    return person === 'alice' ? this.participants.alfa : this.participants.beta;
  }

  /**
   * @param {Person} person
   * @returns {Gauge}
   */
  account(person) {
    const bank = this.bankOf(person);
    return {
      label: `${person}'s account at ${bank.name}`,
      read: async () => {
        /** @type {{ balance: number }} */
        const account = await http(`${bank.url}/accounts/${person}`);
        return money(account.balance);
      },
    };
  }

  shelf() {
    return this.#shopGauge('teapots on the shelf', '/stock', (rows) => {
      const [teapots] = rows.filter(({ sku }) => sku === 'teapot');
      return teapots?.['available'];
    });
  }

  orders() {
    return this.#shopGauge('orders placed', '/orders', (rows) => countOf(rows, 'placed'));
  }

  shipments() {
    return this.#shopGauge('shipments sent', '/shipments', (rows) => countOf(rows, 'sent'));
  }

  /**
   * @param {string} label
   * @param {string} view
   * @param {(rows: Record<string, unknown>[]) => unknown} count
   * @returns {Gauge}
   */
  #shopGauge(label, view, count) {
    const url = this.participants.shop.url + view;
    return { label, read: async () => String(count(await http(url))) };
  }

  /** What both banks hold together, in cents. */
  async total() {
    const { alfa, beta } = this.participants;
    /** @type {Promise<{ total: number }>[]} */
    const totals = [alfa, beta].map((bank) => http(`${bank.url}/total`));
    return (await Promise.all(totals)).reduce((sum, { total }) => sum + total, 0);
  }
}

/**
 * @param {Record<string, unknown>[]} rows
 * @param {string} state
 */
function countOf(rows, state) {
  return rows.filter((row) => row['state'] === state).length;
}

/**
 * Whether something is under way that may hold an account, whoever has begun it.
 * @param {Transactions} transactions
 */
export async function areBusy(transactions) {
  const branches = (await transactions.unfinished()).flatMap((one) => one.branches);
  return branches.some(({ participant }) => PLAYERS.some((name) => name === participant));
}
