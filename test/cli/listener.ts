// Somebody else who listens to the events of a coordinator, as `concordat watch` does.
import { afterAll } from 'vitest';
import type { Api } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';

export class Listener {
  heard = '';
  private readonly over = new AbortController();

  private constructor(url: string, key: string) {
    afterAll(() => this.over.abort());
    const headers = { authorization: `Bearer ${key}` };
    fetch(`${url}/v1/operations/events`, { headers, signal: this.over.signal })
      .then(async ({ body }) => {
        const decoder = new TextDecoder();
        for await (const bytes of body ?? []) this.heard += decoder.decode(bytes, { stream: true });
      })
      .catch(() => undefined); // it is over
  }

  /** One that is listened to, until the file ends. */
  static async to(url: string, key = TEST_API_KEY): Promise<Listener> {
    const listener = new Listener(url, key);
    await eventually('it is told hello', () => listener.heard.includes('event: hello'));
    return listener;
  }

  /**
   * A coordinator compares what is with what was a second ago, as long as anybody listens: once it
   * has told of a change, no later one can be missed by whoever else begins to listen.
   */
  static async forAll(api: Api): Promise<void> {
    const listener = await Listener.to(api.url);
    await eventually('it is told of a change', async () => {
      await api.begin({ protocol: '2pc', name: 'a change' });
      return listener.heard.includes('event: changed');
    });
  }
}
