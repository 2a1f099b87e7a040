// What makes the core pure: it decides from what it is told, and does nothing.
import type { Rule, Source } from './sources.js';
import { complain } from './sources.js';

/** Where the core would get something that it was not told. */
const CLOCKS_AND_DICE =
  /\b(?:Date\b|performance\b|Math\.random\b|(?:global)?[cC]rypto\b|randomUUID\b)/g;
const TIMERS = /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b/g;
const WAITING = /\b(?:async|await|Promise)\b/g;
const SURROUNDINGS = /\b(?:process|console|globalThis|fetch|navigator|require)\b(?!['?]?:)/g;
/** State that would outlive a call. */
const SHARED_VARIABLE = /^(?:export\s+)?(?:let|var)\b/gm;
const CLASS = /\bclass\s+\w+(?!\s+extends\s+Error\b)(?=[\s{<])/g;

export const noClockOrDice: Rule = (source) =>
  forbid(source, CLOCKS_AND_DICE, 'a clock or dice: let the caller say');

export const noTimers: Rule = (source) => forbid(source, TIMERS, 'a timer');

/** For the protocols: two pure functions, and no object that could remember anything. */
export const pure: Rule = (source) => [
  ...noClockOrDice(source),
  ...noTimers(source),
  ...forbid(source, WAITING, 'something to wait for'),
  ...forbid(source, SURROUNDINGS, 'the surroundings'),
  ...forbid(source, SHARED_VARIABLE, 'a variable that outlives a call'),
  ...forbid(source, CLASS, 'a class that is not an error'),
];

/** Decorators belong where a framework does. */
export const noDecorators: Rule = (source) =>
  forbid(source, /^\s*@[A-Z]\w*\(/gm, 'a decorator, outside apps/ and *.module.ts');

function forbid(source: Source, pattern: RegExp, what: string): readonly string[] {
  return complain(source, 'code', pattern, ([found]) => `${found.trim()}: ${what}`);
}
