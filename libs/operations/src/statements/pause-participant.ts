import type { Statement } from '../ports.js';

/** $1 name, $2 by whom, $3 why. Returns no row if it is paused already. */
export const PAUSE_PARTICIPANT: Statement = {
  name: 'pause-participant',
  text: `
    insert into concordat.participant_pause (name, by, reason) values ($1, $2, $3)
        on conflict (name) do nothing
    returning name`,
};
