import { http } from './http.mjs';

/** @typedef {import('./story.mjs').Transaction} Transaction */

/**
 * @typedef {object} Pause of a participant
 * @property {string} name
 * @property {string} by
 * @property {string} reason
 */

/** The coordinator's transactions, and who is held back from them, for whoever has a key. */
export class Transactions {
  #headers;
  #operations;

  /**
   * @param {string} coordinatorUrl
   * @param {string} apiKey
   */
  constructor(coordinatorUrl, apiKey) {
    this.coordinatorUrl = coordinatorUrl;
    this.url = `${coordinatorUrl}/v1/transactions`;
    this.#operations = `${coordinatorUrl}/v1/operations`;
    this.#headers = { authorization: `Bearer ${apiKey}` };
  }

  /**
   * @param {object} body
   * @param {'wait=20' | 'respond-async'} prefer how long to wait for its end
   * @returns {Promise<Transaction>}
   */
  begin(body, prefer) {
    return http(this.url, { body, headers: { ...this.#headers, prefer } });
  }

  /**
   * @param {string} gtid
   * @returns {Promise<Transaction>}
   */
  find(gtid) {
    return http(`${this.url}/${gtid}`, { headers: this.#headers });
  }

  /** @returns {Promise<readonly Transaction[]>} what has not ended; many, not all of very many */
  unfinished() {
    return this.#items('transactions?unfinished=true&limit=200');
  }

  /** @returns {Promise<readonly Pause[]>} whom nobody calls, because a person has said so */
  async pauses() {
    /** @type {readonly { name: string, paused: Omit<Pause, 'name'> | null }[]} */
    const participants = await this.#items('participants');
    return participants.flatMap(({ name, paused }) => (paused ? [{ name, ...paused }] : []));
  }

  /**
   * @template T
   * @param {string} list
   * @returns {Promise<readonly T[]>}
   */
  async #items(list) {
    /** @type {{ items: readonly T[] }} */
    const { items } = await http(`${this.#operations}/${list}`, { headers: this.#headers });
    return items;
  }
}
