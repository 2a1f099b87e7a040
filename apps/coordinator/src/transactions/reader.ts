/** Where Nest finds the journal's read side, which is built without it. */
export const READER = Symbol('Reader');
