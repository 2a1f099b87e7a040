import { paint, say } from '../lib/say.mjs';

/** @typedef {import('../house/participants.mjs').Participants} Participants */

/**
 * Where to look, and what to try.
 * @param {string} coordinatorUrl
 * @param {Participants | undefined} participants
 * @param {string} logs the directory
 */
export function sayWhereToGo(coordinatorUrl, participants, logs) {
  const places = {
    transactions: `${coordinatorUrl}/v1/transactions`,
    'API docs': `${coordinatorUrl}/docs`,
    health: `${coordinatorUrl}/health/ready`,
    metrics: `${coordinatorUrl}/metrics`,
    ...(participants && {
      'bank alfa': `${participants.alfa.url}/accounts`,
      'bank beta': `${participants.beta.url}/accounts`,
      shop: `${participants.shop.url}/orders`,
    }),
    logs,
  };
  say();
  for (const [what, where] of Object.entries(places)) {
    say(`  ${paint('dim', what.padEnd(12))} ${where}`);
  }
  if (participants) sayWhatToTry(coordinatorUrl);
}

/** @param {string} coordinatorUrl */
function sayWhatToTry(coordinatorUrl) {
  say(`
To try: bob pays alice 1.00

curl -s ${coordinatorUrl}/v1/transactions -H 'content-type: application/json' -d '{
  "protocol": "2pc",
  "branches": [
    { "id": "debit",  "participant": "beta", "payload": { "account": "bob",   "amount": -100 } },
    { "id": "credit", "participant": "alfa", "payload": { "account": "alice", "amount":  100 } }
  ]
}'`);
}
