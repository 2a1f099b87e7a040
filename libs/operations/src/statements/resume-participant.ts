import type { Statement } from '../ports.js';

/** $1 name. Returns no row if it is not paused. */
export const RESUME_PARTICIPANT: Statement = {
  name: 'resume-participant',
  text: 'delete from concordat.participant_pause where name = $1 returning name',
};
