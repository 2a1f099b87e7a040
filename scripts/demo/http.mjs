import { Failure } from '../lib/failure.mjs';
import { Late } from '../lib/wait.mjs';

const TIMEOUT_MS = 30_000;

/**
 * @param {string} url
 * @param {{ body?: unknown, headers?: Record<string, string> }} [request] a body makes it a POST
 * @template T what its caller takes it for: these servers are ours, and are taken at their word
 * @returns {Promise<T>} the JSON of its answer; rejects with a Failure unless that is a 2xx that
 *   comes in time
 */
export async function http(url, { body, headers = {} } = {}) {
  const { ok, status, text } = await answerOf(url, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers,
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }),
  });
  if (!ok) throw new Failure(`${url} answered ${status}`, { log: text });
  return JSON.parse(text);
}

/**
 * @param {string} url
 * @param {RequestInit} request
 */
async function answerOf(url, request) {
  try {
    const response = await fetch(url, request);
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TimeoutError') throw error;
    throw new Late(`an answer of ${url}: not within ${TIMEOUT_MS / 1000} s`, { cause: error });
  }
}
