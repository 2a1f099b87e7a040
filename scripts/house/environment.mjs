// What the environment of `npm start` says. Checked here only as far as this program needs it:
// the coordinator parses its own settings.
import { Failure } from '../lib/failure.mjs';

/**
 * @param {string} variable
 * @returns {URL | undefined} undefined if it is unset or empty
 */
export function urlFrom(variable) {
  const text = process.env[variable];
  if (!text) return undefined;
  if (!URL.canParse(text)) throw new Failure(`${variable} is not a URL`);
  return new URL(text);
}

/** Where the coordinator is to listen. */
export function addressFrom() {
  const text = process.env['PORT'] || '3000';
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new Failure('PORT must be a whole number from 0 to 65535');
  }
  return { port: Number(text), host: process.env['HOST'] || '127.0.0.1' };
}
