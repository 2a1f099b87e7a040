// Who plays in the stories, and what can be seen of them from outside.
import { http } from './http.mjs';
import { money } from './money.mjs';

/** @typedef {import('../house/participants.mjs').Participants} Participants */
/** @typedef {'alice' | 'bob'} Person */
/**
 * @typedef {object} Gauge something that a story may change
 * @property {string} label
 * @property {() => Promise<string>} read
 */

const OPENING_BALANCES = { alice: 100_000, bob: 20_000 };
const TEAPOTS = 10;

export class Cast {
  /** @param {Participants} participants */
  constructor(participants) {
    this.participants = participants;
  }

  /** Everybody begins with the same as the last time. */
  async enter() {
    const { shop } = this.participants;
    for (const person of /** @type {Person[]} */ (['alice', 'bob'])) {
      const body = { id: person, balance: OPENING_BALANCES[person] };
      await http(`${this.bankOf(person).url}/accounts`, { body });
    }
    await http(`${shop.url}/stock`, { body: { sku: 'teapot', available: TEAPOTS } });
  }

  /** @param {Person} person */
  bankOf(person) {
    return person === 'alice' ? this.participants.lfa : this.participants.eta;
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
        const { balance } = await http(`${bank.url}/accounts/${person}`);
        return money(balance);
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
    const { lfa, eta } = this.participants;
    const totals = [lfa, eta].map((bank) => http(`${bank.url}/total`));
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
