/** The registry or the allow-list cannot be used. Thrown at boot only. */
export class ParticipantsMisconfigured extends Error {
  override readonly name = 'ParticipantsMisconfigured';
  /** @param lines one for each fault; names the place, and what must be there */
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}
