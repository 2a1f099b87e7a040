// For teaching, not shipped: 3PC in which timeouts decide, as many descriptions have it.
//
// "Ready, and nobody calls: abort. Pre-committed, and nobody calls: commit." It needs neither a
// crash nor a partition to break it, only one message that is slow.
import type { Standing } from '@concordat/protocols';
import type { Stood } from '../ballot-participant.js';
import type { OwnAct } from '../parts.js';

export function timeoutsDecide(stood: Stood): readonly OwnAct<Stood>[] {
  if (stood?.state === 'ready') {
    return [{ standing: decided('aborted'), act: 'hears nothing for long, and aborts' }];
  }
  if (stood?.state === 'pre-committed') {
    return [{ standing: decided('committed'), act: 'hears nothing for long, and commits' }];
  }
  return [];
}

function decided(state: 'committed' | 'aborted'): Standing {
  return { state, lastElected: 0, lastAttempt: 0 };
}
