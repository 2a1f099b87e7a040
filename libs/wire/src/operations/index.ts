// The operator API: what the dashboard, the command line and whoever writes their own are told and
// may ask. Imports nothing of Node's, for the browser reads it too.
//
//   GET    /v1/operations/overview?windowMs=           Overview
//   GET    /v1/operations/transactions?…               TriageList
//   GET    /v1/operations/transactions/{gtid}          TransactionDetail
//   GET    /v1/operations/transactions/{gtid}/truth    Truth (asks every branch live)
//   POST   /v1/operations/transactions/{gtid}/{retry|pause|resume|rollback|forget}
//   POST   /v1/operations/transactions/{gtid}/branches/{branch}/{resolve|force|skip|replay|amend}
//   GET    /v1/operations/approvals                    POST …/{id}/{approve|reject} {reason}
//   GET    /v1/operations/participants                 POST …/{name}/{pause|resume}
//   GET    /v1/operations/in-doubt                     POST /v1/operations/resource-managers/{name}/end
//   GET|POST /v1/operations/bulk                       GET …/{id}  POST …/{id}/{pause|resume|cancel}
//   GET|POST /v1/operations/views                      DELETE …/{id}
//   GET    /v1/operations/audit?…                      GET …/audit/verify
//   GET|POST /v1/operations/alerts                     PUT|DELETE …/{id}  POST …/{id}/test
//   GET    /v1/operations/events                       server-sent: `changed` {what: […]}
//   GET|POST /v1/access/keys  DELETE …/{id}            GET /v1/access/roles
//   GET|POST|DELETE /v1/session                        WhoAmI
export * from './access.js';
export * from './actions.js';
export * from './alerts.js';
export * from './audit.js';
export * from './detail.js';
export * from './permissions.js';
export * from './triage.js';
export * from './truth.js';
