import type { Statement } from '../../ports.js';

/** $1 who, $2 for how long, in ms. Returns a row if he alone watches now. */
export const LEASE: Statement = {
  name: 'alert-lease',
  text: `
    update concordat.alert_lease
       set holder = $1, until = now() + $2 * interval '1 millisecond'
     where holder = $1 or until < now()
    returning holder`,
};

/** $1 who. Lets another watch at once. */
export const RELEASE: Statement = {
  name: 'alert-release',
  text: `update concordat.alert_lease set until = '-infinity' where holder = $1`,
};

/**
 * $1 rules, $2 causes, $3 what is said of each: three arrays of equal length, no pair twice.
 *
 * Notes for which causes rules hold. One that held before goes on since then; one that has not
 * held in between begins anew, and what was told of it stays known.
 */
export const NOTE_FIRING: Statement = {
  name: 'alert-note-firing',
  text: `
    insert into concordat.alert_firing as firing (rule, cause, said)
    select noted.rule, noted.cause, noted.said
      from unnest($1::uuid[], $2::text[], $3::text[]) as noted (rule, cause, said)
      join concordat.alert_rule as present on present.id = noted.rule
        on conflict (rule, cause) do update
       set said = excluded.said, holds = true,
           since = case when firing.holds then firing.since else now() end`,
};

/**
 * $1 rules and $2 causes that hold: arrays of equal length. All others do not hold any more; what
 * was told of one is known until it may be told again.
 */
export const NOTE_QUIET: Statement = {
  name: 'alert-note-quiet',
  text: `
    with over as (
      update concordat.alert_firing as firing set holds = false
       where holds and not exists (
             select from unnest($1::uuid[], $2::text[]) as held (rule, cause)
              where held.rule = firing.rule and held.cause = firing.cause)
    )
    delete from concordat.alert_firing as firing using concordat.alert_rule as rule
     where rule.id = firing.rule and not firing.holds
       and coalesce(firing.told_at, '-infinity')
             < now() - rule.quiet_ms * interval '1 millisecond'`,
};

/** $1 limit. What is to be told now, with where and by which secret. */
export const DUE: Statement = {
  name: 'alert-due',
  text: `
    select firing.rule, firing.cause, firing.said, firing.since, firing.told_at, firing.failures,
           rule.name, rule.condition, rule.url, rule.secret,
           rule.quiet_ms::float8 as quiet_ms
      from concordat.alert_firing as firing
      join concordat.alert_rule as rule on rule.id = firing.rule
     where firing.holds and rule.enabled and firing.due_at <= now()
     order by firing.due_at, firing.rule, firing.cause
     limit $1`,
};

/**
 * $1 rule, $2 cause, $3 whether it was delivered, $4 failures in a row, $5 not again for so many
 * ms, $6 what is said of it. Also forgets all but the last hundred deliveries of the rule.
 */
export const NOTE_TOLD: Statement = {
  name: 'alert-note-told',
  text: `
    with noted as (
      update concordat.alert_firing
         set told_at = case when $3::boolean then now() else told_at end, failures = $4,
             due_at = now() + $5 * interval '1 millisecond'
       where rule = $1 and cause = $2
    ), old as (
      delete from concordat.alert_delivery
       where rule = $1 and id < (select id from concordat.alert_delivery where rule = $1
                                  order by id desc offset 99 limit 1)
    )
    insert into concordat.alert_delivery (rule, cause, result, said)
    select id, $2, case when $3 then 'delivered' else 'failed' end, $6
      from concordat.alert_rule where id = $1
    returning at`,
};
