import type { Statement } from '../ports.js';

/** What the last line is, as whoever wrote it has left it. */
export const AUDIT_HEAD: Statement = {
  name: 'audit-head',
  text: `select seq::float8, encode(hash, 'hex') as hash from concordat.audit_head`,
};
