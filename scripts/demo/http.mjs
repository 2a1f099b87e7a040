import { Failure } from '../lib/failure.mjs';

const TIMEOUT_MS = 30_000;

/**
 * @param {string} url
 * @param {{ body?: unknown, headers?: Record<string, string> }} [request] a body makes it a POST
 * @returns {Promise<any>} the JSON of its answer; rejects with a Failure unless that is a 2xx
 */
export async function http(url, { body, headers = {} } = {}) {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers,
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Failure(`${url} answered ${response.status}`, { log: text });
  return JSON.parse(text);
}
