create table cluster (
  only_row boolean not null default true,
  id text not null,
  constraint cluster_id_check CHECK ((id ~ '^[0-9a-f]{8}$'::text)),
  constraint cluster_only_row_check CHECK (only_row),
  constraint cluster_pkey PRIMARY KEY (only_row)
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
  constraint ended_transaction_pkey PRIMARY KEY (gtid)
)
  partition by RANGE (gtid);
CREATE INDEX ended_transaction_metadata ON ONLY concordat.ended_transaction USING gin (metadata jsonb_path_ops) WITH (fastupdate=off) WHERE (metadata <> '{}'::jsonb);
CREATE INDEX ended_transaction_name ON ONLY concordat.ended_transaction USING btree (name, gtid) WHERE (name IS NOT NULL);
CREATE INDEX ended_transaction_outcome ON ONLY concordat.ended_transaction USING btree (outcome, gtid) WHERE (outcome <> 'committed'::text);
CREATE INDEX ended_transaction_participants ON ONLY concordat.ended_transaction USING gin (participants) WITH (fastupdate=off);

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
  constraint ended_transaction_default_pkey PRIMARY KEY (gtid)
)
  partition of ended_transaction DEFAULT;
CREATE INDEX ended_transaction_default_metadata_idx ON concordat.ended_transaction_default USING gin (metadata jsonb_path_ops) WITH (fastupdate=off) WHERE (metadata <> '{}'::jsonb);
CREATE INDEX ended_transaction_default_name_gtid_idx ON concordat.ended_transaction_default USING btree (name, gtid) WHERE (name IS NOT NULL);
CREATE INDEX ended_transaction_default_outcome_gtid_idx ON concordat.ended_transaction_default USING btree (outcome, gtid) WHERE (outcome <> 'committed'::text);
CREATE INDEX ended_transaction_default_participants_idx ON concordat.ended_transaction_default USING gin (participants) WITH (fastupdate=off);

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
  constraint global_transaction_pkey PRIMARY KEY (gtid),
  constraint global_transaction_version_check CHECK ((version > 0))
)
  with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0, vacuum_truncate=false);
CREATE INDEX global_transaction_due ON concordat.global_transaction USING btree (due_at);

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

create table retention (
  only_row boolean not null default true,
  forgotten_before timestamp with time zone,
  constraint retention_only_row_check CHECK (only_row),
  constraint retention_pkey PRIMARY KEY (only_row)
);

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
    attempts
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
    attempts
   FROM concordat.ended_transaction;
