// What these commands print, for a person. Colours and moving lines are for a terminal alone.
import { styleText } from 'node:util';

const PROGRESS_TTY_MS = 100;
const PROGRESS_FILE_MS = 10_000;
const CLEAR_LINE = '\r\u001B[2K';
const LABEL_WIDTH = 14;

/** @typedef {Parameters<typeof styleText>[0]} Style */

/**
 * @param {Style} style
 * @param {string} text
 */
export function paint(style, text) {
  return styleText(style, text, { stream: process.stdout }); // knows NO_COLOR, and files
}

export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * One step that may take long: shows that it is under way, then that it is done and how long it
 * took. What `work` resolves with is passed on.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} [describe] what to say of the result
 * @returns {Promise<T>}
 */
export async function step(label, work, describe = () => '') {
  const begunAt = Date.now();
  const isTerminal = process.stdout.isTTY;
  const show = (/** @type {string} */ mark, /** @type {string} */ about) => {
    const took = paint('dim', seconds(Date.now() - begunAt));
    const line = `  ${mark} ${label.padEnd(LABEL_WIDTH)} ${took}  ${about}`.trimEnd();
    return isTerminal ? CLEAR_LINE + line : line;
  };
  const progress = setInterval(
    () => process.stdout.write(show('…', '') + (isTerminal ? '' : '\n')),
    isTerminal ? PROGRESS_TTY_MS : PROGRESS_FILE_MS,
  );
  try {
    const result = await work();
    say(show(paint('green', '✓'), describe(result)));
    return result;
  } catch (error) {
    say(show(paint('red', '✗'), ''));
    throw error;
  } finally {
    clearInterval(progress);
  }
}
