/** For the next transaction of the session, and no other. */
export const READ_COMMITTED = `set transaction isolation level read committed`;
