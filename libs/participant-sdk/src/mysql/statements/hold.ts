/**
 * Says, for as long as this session lives, that it has a branch.
 *
 * The name of the branch. Returns `held`: 1; anything else if somebody else went on saying so for
 * five seconds. XA has no way to ask whose a prepared branch is.
 */
export const HOLD = `select get_lock(concat('concordat:', sha1(?)), 5) as held`;
