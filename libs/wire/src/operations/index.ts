// The operator API: what the dashboard, the command line and whoever writes their own are told and
// may ask. Imports nothing of Node's, for the browser reads it too.
//
//   below /v1/operations:
//   GET      overview?windowMs=                 Overview
//   GET      transactions?…                     TriageList
//   GET      transactions/{gtid}                TransactionDetail
//   GET      transactions/{gtid}/truth          Truth (asks every branch live)
//   POST     transactions/{gtid}/{retry|pause|resume|rollback|forget}
//   POST     transactions/{gtid}/branches/{branch}/{resolve|force|skip|replay|amend}
//   GET      approvals                          POST …/{id}/{approve|reject}
//   GET      participants                       POST …/{name}/{pause|resume}
//   GET      in-doubt                           POST resource-managers/{name}/end
//   GET|POST bulk                               GET …/{id}  POST …/{id}/{pause|resume|cancel}
//   GET|POST views                              DELETE …/{id}
//   GET      audit?…                            GET audit/verify
//   GET|POST alerts                             PUT|DELETE …/{id}  POST …/{id}/test
//   GET      events                             server-sent: `changed` {what: […]}
//   below /v1:
//   GET|POST access/keys  DELETE …/{id}         GET access/roles
//   GET|POST|DELETE session                     WhoAmI
export * from './access.js';
export * from './actions.js';
export * from './alerts.js';
export * from './audit.js';
export * from './detail.js';
export * from './permissions.js';
export * from './triage.js';
export * from './truth.js';
