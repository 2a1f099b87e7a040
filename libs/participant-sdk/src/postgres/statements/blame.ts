/**
 * Notes why a branch is still in doubt after its participant has stood in for the coordinator.
 * $1 gtid, $2 branch, $3 the reason.
 */
export const BLAME = `
update concordat_standing set last_error = $3
 where gtid = $1 and branch = $2 and state in ('ready', 'pre-committed', 'pre-aborted')`;
