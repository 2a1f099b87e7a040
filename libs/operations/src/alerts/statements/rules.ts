import type { Statement } from '../../ports.js';

/** $1 limit. Every rule, in the order in which they were made; without their secrets. */
export const RULES: Statement = {
  name: 'alert-rules',
  text: `
    select id, name, condition, url, quiet_ms::float8 as quiet_ms, enabled, made_by
      from concordat.alert_rule
     order by made_at, id limit $1`,
};

/** $1 id. One rule with its secret; no row if there is none. */
export const RULE_WITH_SECRET: Statement = {
  name: 'alert-rule-with-secret',
  text: `
    select id, name, condition, url, quiet_ms::float8 as quiet_ms, enabled, made_by, secret
      from concordat.alert_rule
     where id = $1`,
};

/**
 * $1 id, $2 name, $3 condition as JSON, $4 url, $5 quiet in ms, $6 enabled, $7 secret, $8 made by,
 * $9 how many there may be. Returns the id, if there was room.
 */
export const MAKE_RULE: Statement = {
  name: 'alert-make-rule',
  text: `
    insert into concordat.alert_rule
          (id, name, condition, url, quiet_ms, enabled, secret, made_by)
    select $1, $2, $3::json, $4, $5, $6, $7, $8
     where (select count(*) from concordat.alert_rule) < $9
    returning id`,
};

/** $1 id, $2 name, $3 condition as JSON, $4 url, $5 quiet in ms, $6 enabled. */
export const CHANGE_RULE: Statement = {
  name: 'alert-change-rule',
  text: `
    update concordat.alert_rule
       set name = $2, condition = $3::json, url = $4, quiet_ms = $5, enabled = $6
     where id = $1
    returning id`,
};

/** $1 id. What it told, and what it fires for, goes with it. */
export const REMOVE_RULE: Statement = {
  name: 'alert-remove-rule',
  text: `delete from concordat.alert_rule where id = $1 returning id`,
};

/** For which causes rules hold now. */
export const FIRING: Statement = {
  name: 'alert-firing',
  text: `
    select rule, cause, said, since from concordat.alert_firing
     where holds order by since, cause limit 1000`,
};

/** $1 rules, $2 how many of each. What they told last, the latest first. */
export const DELIVERIES: Statement = {
  name: 'alert-deliveries',
  text: `
    select wanted.rule, last.at, last.cause, last.result, last.said
      from unnest($1::uuid[]) as wanted (rule),
   lateral (select id, at, cause, result, said from concordat.alert_delivery as delivery
             where delivery.rule = wanted.rule order by id desc limit $2) as last
     order by last.id desc`,
};
