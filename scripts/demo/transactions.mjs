import { http } from './http.mjs';

/** @typedef {import('./story.mjs').Transaction} Transaction */

/** The coordinator's transactions, for whoever has a key. */
export class Transactions {
  #headers;

  /**
   * @param {string} coordinatorUrl
   * @param {string} apiKey
   */
  constructor(coordinatorUrl, apiKey) {
    this.url = `${coordinatorUrl}/v1/transactions`;
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

  /**
   * @param {string} query
   * @returns {Promise<readonly Transaction[]>}
   */
  async list(query) {
    const { items } = await http(`${this.url}?${query}`, { headers: this.#headers });
    return items;
  }
}
