/** The application cannot start: a line for each thing that is wrong, and what to add. */
export class ConcordatMisconfigured extends Error {
  override readonly name = 'ConcordatMisconfigured';
  constructor(readonly faults: readonly string[]) {
    super(['Concordat cannot start:', ...faults].join('\n  '));
  }
}
