/**
 * What is kept of a branch, for people; read where it is written, like LOOK.
 *
 * KEYS[1] the barrier's row. Returns its token, operation, work, and the second of its last call,
 * each nil if it is not there.
 */
export const INSPECT = `return redis.call('HMGET', KEYS[1], 'token', 'operation', 'work', 'at')`;
