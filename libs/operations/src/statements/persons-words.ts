import type { Statement } from '../ports.js';

/**
 * $1 gtid. What people have answered in the place of its participants, and nobody confirmed when
 * they did; and what they have skipped. Returns the branch and the call that was answered.
 */
export const PERSONS_WORDS: Statement = {
  name: 'persons-words',
  text: `
    select line -> 'target' ->> 'branch' as branch, line -> 'before' ->> 'outstanding' as operation,
           case action when 'branch.skip' then 'skipped' else 'unconfirmed' end as word
      from concordat.audit
     where gtid = $1 and line ->> 'stage' = 'done'
       and (action = 'branch.skip'
            or action in ('branch.resolve', 'branch.force')
               and line #>> '{evidence,observation,observed}'
                   in ('absent', 'unknown', 'unreachable'))`,
};
