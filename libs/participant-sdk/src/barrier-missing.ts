/** Tables are not there, or not as they must be, and the service's role may not mend that. */
export class BarrierMissing extends Error {
  override readonly name = 'BarrierMissing';

  /** @param statements for somebody to run once who may */
  constructor(
    what: string,
    readonly statements: string,
    cause?: unknown,
  ) {
    super(`${what}. Run:\n${statements}`, { cause });
  }
}
