// The shape of a file: short enough to be read, and finished.
import type { Rule } from './sources.js';
import { complain } from './sources.js';

const LINES_MAX = 400;
const COLUMNS_MAX = 100;

export const shortFile: Rule = ({ path, text }) => {
  const lines = text.trimEnd().split('\n').length;
  return lines <= LINES_MAX ? [] : [`${path}:${lines}: more than ${LINES_MAX} lines`];
};

/** A line that holds an address may be as long as it must: an address cannot be broken. */
export const narrowLines: Rule = (source) =>
  complain(source, 'text', /^.+$/gm, ([line]) => {
    const columns = Array.from(line).length;
    if (columns <= COLUMNS_MAX || line.includes('://')) return undefined;
    return `${columns} columns, more than ${COLUMNS_MAX}`;
  });

export const finished: Rule = (source) =>
  complain(
    source,
    'text',
    /\b(?:TODO|FIXME|XXX|HACK)\b/g,
    ([found]) => `${found}: do it, or write an issue`,
  );

/** A test that is skipped hides something; one that runs alone hides all the others. */
export const everyTestRuns: Rule = (source) =>
  complain(
    source,
    'code',
    /\b(?:test|it|describe)\.(?:only|skip|todo|fails)\b/g,
    ([found]) => `${found}: every test runs, and passes`,
  );
