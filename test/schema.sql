create table alert_delivery (
  id bigint not null,
  rule uuid not null,
  at timestamp with time zone not null default now(),
  cause text not null,
  result text not null,
  said text not null,
  constraint alert_delivery_pkey PRIMARY KEY (id),
  constraint alert_delivery_rule_fkey FOREIGN KEY (rule) REFERENCES concordat.alert_rule(id) ON DELETE CASCADE
);
CREATE INDEX alert_delivery_rule ON concordat.alert_delivery USING btree (rule, id);

create table alert_firing (
  rule uuid not null,
  cause text not null,
  said text not null,
  since timestamp with time zone not null default now(),
  told_at timestamp with time zone,
  failures integer not null default 0,
  due_at timestamp with time zone not null default now(),
  holds boolean not null default true,
  constraint alert_firing_pkey PRIMARY KEY (rule, cause),
  constraint alert_firing_rule_fkey FOREIGN KEY (rule) REFERENCES concordat.alert_rule(id) ON DELETE CASCADE
);

create table alert_lease (
  only_row boolean not null default true,
  holder text not null,
  until timestamp with time zone not null,
  constraint alert_lease_only_row_check CHECK (only_row),
  constraint alert_lease_pkey PRIMARY KEY (only_row)
);

create table alert_rule (
  id uuid not null,
  name text not null,
  condition json not null,
  url text not null,
  quiet_ms bigint not null,
  enabled boolean not null,
  secret bytea not null,
  made_by text not null,
  made_at timestamp with time zone not null default now(),
  constraint alert_rule_pkey PRIMARY KEY (id),
  constraint alert_rule_quiet_ms_check CHECK ((quiet_ms > 0))
);

create table api_key (
  id uuid not null,
  prefix text not null,
  hash bytea not null,
  name text not null,
  grants jsonb not null,
  made_at timestamp with time zone not null default now(),
  made_by text not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  constraint api_key_hash_check CHECK ((octet_length(hash) = 32)),
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_prefix_key UNIQUE (prefix)
);
CREATE UNIQUE INDEX api_key_prefix_key ON concordat.api_key USING btree (prefix);

create table approval (
  id uuid not null,
  act_id uuid not null,
  state text not null,
  action text not null,
  tenant text not null,
  gtid uuid,
  branch text,
  resource_manager text,
  gid text,
  outcome text not null,
  reason text not null,
  evidence text not null,
  asked_kind text not null,
  asked_id text not null,
  asked_name text not null,
  asked_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  decided_by json,
  decided_at timestamp with time zone,
  leased_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  said text,
  constraint approval_pkey PRIMARY KEY (id)
);
CREATE INDEX approval_asked ON concordat.approval USING btree (asked_at);
CREATE INDEX approval_unfinished ON concordat.approval USING btree (asked_at) WHERE (state = ANY (ARRAY['pending'::text, 'approved'::text]));

create table audit (
  seq bigint not null,
  id uuid not null,
  at timestamp with time zone not null,
  tenant text not null,
  actor text not null,
  action text not null,
  gtid uuid,
  line json not null,
  hash bytea not null,
  constraint audit_id_key UNIQUE (id),
  constraint audit_pkey PRIMARY KEY (seq),
  constraint audit_seq_check CHECK ((seq > 0))
);
CREATE INDEX audit_action ON concordat.audit USING btree (action, seq);
CREATE INDEX audit_actor ON concordat.audit USING btree (actor, seq);
CREATE INDEX audit_gtid ON concordat.audit USING btree (gtid, seq) WHERE (gtid IS NOT NULL);
CREATE UNIQUE INDEX audit_id_key ON concordat.audit USING btree (id);
CREATE INDEX audit_tenant ON concordat.audit USING btree (tenant, seq);

create table audit_head (
  only_row boolean not null default true,
  seq bigint not null,
  hash bytea not null,
  constraint audit_head_only_row_check CHECK (only_row),
  constraint audit_head_pkey PRIMARY KEY (only_row)
);

create table bulk (
  id uuid not null,
  action text not null,
  filter json not null,
  state text not null,
  reason text not null,
  asked_by json not null,
  grants json not null,
  asked_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  per_second_max integer not null,
  failures_max integer not null,
  total integer not null,
  done integer not null default 0,
  unchanged integer not null default 0,
  failed integer not null default 0,
  leased_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  said text,
  constraint bulk_failures_max_check CHECK ((failures_max > 0)),
  constraint bulk_per_second_max_check CHECK ((per_second_max > 0)),
  constraint bulk_pkey PRIMARY KEY (id)
);
CREATE INDEX bulk_asked ON concordat.bulk USING btree (asked_at);
CREATE INDEX bulk_running ON concordat.bulk USING btree (asked_at) WHERE (state = 'running'::text);

create table bulk_item (
  bulk uuid not null,
  n integer not null,
  gtid uuid not null,
  act_id uuid not null,
  state text not null default 'waiting'::text,
  said text,
  constraint bulk_item_bulk_fkey FOREIGN KEY (bulk) REFERENCES concordat.bulk(id) ON DELETE CASCADE,
  constraint bulk_item_pkey PRIMARY KEY (bulk, n)
);
CREATE INDEX bulk_item_failed ON concordat.bulk_item USING btree (bulk, n) WHERE (state = 'failed'::text);
CREATE INDEX bulk_item_waiting ON concordat.bulk_item USING btree (bulk, n) WHERE (state = 'waiting'::text);

create table cluster (
  only_row boolean not null default true,
  id text not null,
  constraint cluster_id_check CHECK ((id ~ '^[0-9a-f]{8}$'::text)),
  constraint cluster_only_row_check CHECK (only_row),
  constraint cluster_pkey PRIMARY KEY (only_row)
);

create table ended_minute (
  minute timestamp with time zone not null,
  protocol text not null,
  outcome text not null,
  tenant text not null,
  ended bigint not null,
  latency jsonb not null,
  constraint ended_minute_pkey PRIMARY KEY (minute, protocol, outcome, tenant)
);

create table ended_transaction (
  gtid uuid not null,
  protocol text not null,
  name text,
  participants text[] not null,
  metadata jsonb not null,
  begun_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  version integer not null,
  outcome text not null,
  owner text not null,
  state json not null,
  attempts json not null,
  tenant text not null default 'default'::text,
  constraint ended_transaction_pkey PRIMARY KEY (gtid)
)
  partition by RANGE (gtid);
CREATE INDEX ended_transaction_ended_at ON ONLY concordat.ended_transaction USING brin (ended_at) WITH (pages_per_range='16');
CREATE INDEX ended_transaction_metadata ON ONLY concordat.ended_transaction USING gin (metadata jsonb_path_ops) WITH (fastupdate=off) WHERE (metadata <> '{}'::jsonb);
CREATE INDEX ended_transaction_name ON ONLY concordat.ended_transaction USING btree (name, gtid) WHERE (name IS NOT NULL);
CREATE INDEX ended_transaction_outcome ON ONLY concordat.ended_transaction USING btree (outcome, gtid) WHERE (outcome <> 'committed'::text);
CREATE INDEX ended_transaction_participants ON ONLY concordat.ended_transaction USING gin (participants) WITH (fastupdate=off);
CREATE INDEX ended_transaction_tenant ON ONLY concordat.ended_transaction USING btree (tenant, gtid) WHERE (tenant <> 'default'::text);

create table ended_transaction_default (
  gtid uuid not null,
  protocol text not null,
  name text,
  participants text[] not null,
  metadata jsonb not null,
  begun_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  version integer not null,
  outcome text not null,
  owner text not null,
  state json not null,
  attempts json not null,
  tenant text not null default 'default'::text,
  constraint ended_transaction_default_pkey PRIMARY KEY (gtid)
)
  partition of ended_transaction DEFAULT;
CREATE INDEX ended_transaction_default_ended_at_idx ON concordat.ended_transaction_default USING brin (ended_at) WITH (pages_per_range='16');
CREATE INDEX ended_transaction_default_metadata_idx ON concordat.ended_transaction_default USING gin (metadata jsonb_path_ops) WITH (fastupdate=off) WHERE (metadata <> '{}'::jsonb);
CREATE INDEX ended_transaction_default_name_gtid_idx ON concordat.ended_transaction_default USING btree (name, gtid) WHERE (name IS NOT NULL);
CREATE INDEX ended_transaction_default_outcome_gtid_idx ON concordat.ended_transaction_default USING btree (outcome, gtid) WHERE (outcome <> 'committed'::text);
CREATE INDEX ended_transaction_default_participants_idx ON concordat.ended_transaction_default USING gin (participants) WITH (fastupdate=off);
CREATE INDEX ended_transaction_default_tenant_gtid_idx ON concordat.ended_transaction_default USING btree (tenant, gtid) WHERE (tenant <> 'default'::text);

create table forgotten_heuristic (
  gtid uuid not null,
  by_kind text not null,
  by_id text not null,
  by_name text not null,
  reason text not null,
  at timestamp with time zone not null default now(),
  constraint forgotten_heuristic_pkey PRIMARY KEY (gtid)
);

create table global_transaction (
  gtid uuid not null,
  protocol text not null,
  name text,
  participants text[] not null,
  metadata jsonb not null,
  begun_at timestamp with time zone not null,
  version integer not null,
  phase text not null,
  owner text not null,
  stuck boolean not null,
  due_at timestamp with time zone not null,
  state json not null,
  attempts json not null,
  tenant text not null default 'default'::text,
  constraint global_transaction_pkey PRIMARY KEY (gtid),
  constraint global_transaction_version_check CHECK ((version > 0))
)
  with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0, vacuum_truncate=false);
CREATE INDEX global_transaction_due ON concordat.global_transaction USING btree (due_at);
CREATE INDEX global_transaction_stuck ON concordat.global_transaction USING btree (gtid) WHERE stuck;

create table idempotency_key (
  key text not null,
  digest text not null,
  gtid uuid not null,
  constraint idempotency_key_pkey PRIMARY KEY (key)
);
CREATE INDEX idempotency_key_gtid ON concordat.idempotency_key USING btree (gtid);

create table journal (
  gtid uuid not null,
  version integer not null,
  at timestamp with time zone not null,
  line json not null,
  definition json,
  constraint journal_pkey PRIMARY KEY (gtid, version)
)
  partition by RANGE (gtid);

create table journal_default (
  gtid uuid not null,
  version integer not null,
  at timestamp with time zone not null,
  line json not null,
  definition json,
  constraint journal_default_pkey PRIMARY KEY (gtid, version)
)
  partition of journal DEFAULT;

create table migration (
  id integer not null default nextval('concordat.migration_id_seq'::regclass),
  timestamp bigint not null,
  name character varying not null,
  constraint PK_3043fc6b8af7c99b8b98830094f PRIMARY KEY (id)
);

create table participant_pause (
  name text not null,
  by text not null,
  reason text not null,
  since timestamp with time zone not null default now(),
  constraint participant_pause_pkey PRIMARY KEY (name)
);

create table retention (
  only_row boolean not null default true,
  forgotten_before timestamp with time zone,
  constraint retention_only_row_check CHECK (only_row),
  constraint retention_pkey PRIMARY KEY (only_row)
);

create table rollup (
  only_row boolean not null default true,
  until timestamp with time zone,
  constraint rollup_only_row_check CHECK (only_row),
  constraint rollup_pkey PRIMARY KEY (only_row)
);

create table saved_view (
  id uuid not null,
  owner_kind text not null,
  owner_id text not null,
  name text not null,
  query json not null,
  made_at timestamp with time zone not null default now(),
  constraint saved_view_pkey PRIMARY KEY (id)
);
CREATE INDEX saved_view_owner ON concordat.saved_view USING btree (owner_kind, owner_id, made_at);

create table session (
  hash bytea not null,
  kind text not null,
  principal text not null,
  name text not null,
  grants jsonb not null,
  key_id uuid,
  bound_to bytea,
  refresh bytea,
  begun_at timestamp with time zone not null default now(),
  seen_at timestamp with time zone not null default now(),
  confirmed_at timestamp with time zone not null default now(),
  confirming_at timestamp with time zone,
  constraint session_hash_check CHECK ((octet_length(hash) = 32)),
  constraint session_pkey PRIMARY KEY (hash)
);
CREATE INDEX session_begun ON concordat.session USING btree (begun_at);
CREATE INDEX session_key ON concordat.session USING btree (key_id) WHERE (key_id IS NOT NULL);

create view transaction as
 SELECT gtid,
    protocol,
    name,
    participants,
    metadata,
    begun_at,
    NULL::timestamp with time zone AS ended_at,
    version,
    phase,
    NULL::text AS outcome,
    owner,
    stuck,
    due_at,
    state,
    attempts,
    tenant
   FROM concordat.global_transaction
UNION ALL
 SELECT gtid,
    protocol,
    name,
    participants,
    metadata,
    begun_at,
    ended_at,
    version,
    'ended'::text AS phase,
    outcome,
    owner,
    false AS stuck,
    NULL::timestamp with time zone AS due_at,
    state,
    attempts,
    tenant
   FROM concordat.ended_transaction;
