/**
 * What is known of a branch, read where it is written: a command that only reads could be answered
 * by a replica, which may be behind.
 *
 * KEYS[1] the barrier's row. Returns its token, operation, work and reply, each nil if it is not
 * there.
 */
export const LOOK = `return redis.call('HMGET', KEYS[1], 'token', 'operation', 'work', 'reply')`;
