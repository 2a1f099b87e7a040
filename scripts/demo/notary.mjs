// A third participant, in this process: it agrees to everything and guards nothing, but it may
// take its time. While it does, the others have voted and wait, and something can happen to them.
import { createServer } from 'node:http';

/**
 * @typedef {object} Notary
 * @property {string} url
 * @property {() => void} hesitate from now on, until it agrees
 * @property {() => void} agree
 * @property {() => void} close
 */

/** @returns {Promise<Notary>} */
export async function openNotary() {
  let agreed = Promise.resolve();
  /** @type {() => void} */
  let agree = () => undefined;
  const server = createServer((request, response) => {
    request.resume();
    void agreed.then(() => {
      response.setHeader('content-type', 'application/json');
      response.end('{"vote":"read-only"}'); // it need not be told the decision
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    hesitate: () => {
      agreed = new Promise((resolve) => (agree = resolve));
    },
    agree: () => agree(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
