import type { Statement } from '../ports.js';

/** All of them; there are never more than there are participants. */
export const LIST_PAUSES: Statement = {
  name: 'list-pauses',
  text: 'select name, by, reason, since from concordat.participant_pause order by name',
};
