import { paint, say } from '../lib/say.mjs';

/** @typedef {import('../house/participants.mjs').Participants} Participants */
/** @typedef {import('../house/api-key.mjs').ApiKey} ApiKey */

/** For curl. */
export const SENDING_THE_KEY = '-H "Authorization: Bearer $CONCORDAT_API_KEY"';
/** Of the command line. */
const URL_DEFAULT = 'http://127.0.0.1:3000';

/**
 * For a shell.
 * @param {string} command of the command line
 * @param {string} coordinatorUrl
 */
export function typed(command, coordinatorUrl) {
  return `npx concordat ${command}${coordinatorUrl === URL_DEFAULT ? '' : ` --url ${coordinatorUrl}`}`;
}

/**
 * Where to look, with which key, and what to try.
 * @param {string} coordinatorUrl
 * @param {ApiKey} apiKey
 * @param {Participants | undefined} participants
 * @param {string} logs the directory
 */
export function sayWhereToGo(coordinatorUrl, apiKey, participants, logs) {
  const places = {
    dashboard: `${coordinatorUrl}/ui/`,
    'command line': typed('overview', coordinatorUrl),
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
  sayTheKey(apiKey);
  if (participants) sayWhatToTry(coordinatorUrl);
}

/**
 * One that was given is not repeated.
 * @param {ApiKey} apiKey
 */
function sayTheKey({ text, file }) {
  if (file === undefined) {
    say('\nSign in with the key that CONCORDAT_API_KEY has, and send it with every request.');
    return;
  }
  say(`
Sign in with this key, and send it with every request. It may do everything here, and it is kept for
the next time in ${file}

  ${paint('bold', text)}

export CONCORDAT_API_KEY=$(cat ${file})`);
}

/** @param {string} coordinatorUrl */
function sayWhatToTry(coordinatorUrl) {
  say(`
To try: bob pays alice 1.00

curl -s ${coordinatorUrl}/v1/transactions ${SENDING_THE_KEY} \\
  -H 'content-type: application/json' -d '{
  "protocol": "2pc",
  "branches": [
    { "id": "debit",  "participant": "beta", "payload": { "account": "bob",   "amount": -100 } },
    { "id": "credit", "participant": "alfa", "payload": { "account": "alice", "amount":  100 } }
  ]
}'`);
}
