// The shape of a file: short enough to be read, and finished.
import type { Rule, Source } from './sources.js';
import { complain } from './sources.js';

const LINES_MAX = 400;
const COLUMNS_MAX = 100;
/** An address, a long string, a long regular expression. */
const UNBREAKABLE = /:\/\/|(['"`]).{40,}\1|\/\^.{40,}\//;

export const shortFile: Rule = ({ path, text }) => {
  const lines = text.trimEnd().split('\n').length;
  return lines <= LINES_MAX ? [] : [`${path}:${lines}: more than ${LINES_MAX} lines`];
};

export const narrowLines: Rule = (source) =>
  complain(source, 'text', /^.+$/gm, ({ 0: line, index }) => {
    const columns = Array.from(line).length;
    if (columns <= COLUMNS_MAX || UNBREAKABLE.test(line)) return undefined;
    if (isInLiteral(source, index ?? 0, line.length)) return undefined;
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
    /\b(?:test|it|describe)\.(?:only|skip|skipIf|runIf|todo|fails)\b|\bretry: \d/g,
    ([found]) => `${found}: every test runs, and passes`,
  );

/** Whether these characters are neither code nor comment: a line of a table, of a text. */
function isInLiteral({ code, uncommented }: Source, index: number, length: number): boolean {
  const isBlank = (text: string): boolean => text.slice(index, index + length).trim() === '';
  return isBlank(code) && !isBlank(uncommented);
}
