import type { Group, Mutant } from '../mutant.ts';

const file = 'libs/protocols/src/transaction.ts';
const killers = ['test/traces', 'libs/protocols', 'libs/engine'];

const mutants: readonly Mutant[] = [
  {
    id: 'M501',
    file: 'libs/protocols/src/late-reply.ts',
    find: `return !isOutstanding(outstanding, event.call);`,
    replace: `return !isOutstanding(outstanding, event.call) && event.type === 'exhausted';`,
    fault: 'a late reply is counted',
    killers,
  },
  {
    id: 'M502',
    file,
    find: `tokens: Object.fromEntries(keys.map((key) => [key, before[key] ?? version])),`,
    replace: `tokens: Object.fromEntries(keys.map((key) => [key, Math.max(before[key] ?? 0, version)])),`,
    fault: 'an outstanding call does not keep its token',
    killers,
  },
  {
    id: 'M503',
    file,
    find: `tokens: Object.fromEntries(keys.map((key) => [key, before[key] ?? version])),`,
    replace: `tokens: Object.fromEntries(keys.map((key) => [key, before[key] ?? 1])),`,
    fault: 'the next call of a branch bears the token of the one before',
    killers,
  },
  {
    id: 'M504',
    file,
    find: `return opens || decides || applied.some(isWish) || applied.some(isIntervention);`,
    replace: `return opens || applied.some(isWish) || applied.some(isIntervention);`,
    fault: 'a decision that opens no call need not be durable before it is told',
    killers,
  },
  {
    id: 'M505',
    file,
    find: `return opens || decides || applied.some(isWish) || applied.some(isIntervention);`,
    replace: `return decides || applied.some(isWish) || applied.some(isIntervention);`,
    fault: 'a call is sent before the version that opens it is durable',
    killers,
  },
  {
    id: 'M506',
    file,
    find: `return opens || decides || applied.some(isWish) || applied.some(isIntervention);`,
    replace: `return opens || decides || applied.some(isIntervention);`,
    fault: 'a wish is granted before it is durable',
    killers,
  },
  {
    id: 'M507',
    file,
    find: `if (!isQuestion(event.call.operation)) return results; // X3`,
    replace: '',
    fault: 'the answer to an order replaces the result of the branch',
    killers,
  },
  {
    id: 'M508',
    file: 'libs/protocols/src/outcome.ts',
    find: `if (any(defied) && any(obeyed, 'acknowledged', 'refused')) return 'heuristic-mixed'; // O2`,
    replace: '',
    fault: 'some committed and some rolled back is not told as mixed',
    killers,
  },
  {
    id: 'M509',
    file: 'libs/protocols/src/machine.ts',
    find: "  const ballot = call.ballot === undefined ? '' : `@${call.ballot}`;",
    replace: `const ballot = '';`,
    fault: 'calls of different ballots are taken for the same call',
    killers,
  },
];

export const transaction: Group = { title: 'What every protocol shares', mutants };
