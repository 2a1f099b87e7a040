/**
 * Writes a few bytes to the WAL, and nothing else. The commit of a transaction that has done this
 * waits for the synchronous standby, where there is one, to have them; and so all that was written
 * before them, whoever wrote it and however his own commit went. Without a standby it costs as much
 * as any small write.
 */
export const REACH_STANDBY = `select pg_logical_emit_message(true, 'concordat', '')`;
