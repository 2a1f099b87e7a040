/** The name of a branch. Its session goes on without it. See HOLD. */
export const LET_GO = `do release_lock(concat('concordat:', sha1(?)))`;
