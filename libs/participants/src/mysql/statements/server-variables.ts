/** Returns `Variable_name` and `Value` of each of these that the server has. */
export const SERVER_VARIABLES = `
show global variables where variable_name in (
  'version', 'version_comment', 'read_only', 'super_read_only', 'wsrep_on', 'have_innodb',
  'default_storage_engine', 'xa_detach_on_prepare', 'innodb_flush_log_at_trx_commit', 'log_bin',
  'sync_binlog')`;
