/** What went wrong and what to do about it, for a person: printed without a stack. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {{ cause?: unknown, log?: string }} [more] log: the end of what the culprit has printed
   */
  constructor(message, { cause, log } = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.log = log;
  }
}
