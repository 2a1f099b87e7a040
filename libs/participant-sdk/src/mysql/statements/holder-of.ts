/** The name of a branch. Returns `holder`: the session that lives and has it, or null. See HOLD. */
export const HOLDER_OF = `select is_used_lock(concat('concordat:', sha1(?))) as holder`;
