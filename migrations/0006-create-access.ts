// Who may come in: API keys, and the sessions of people at the dashboard.
//
// - Of a secret only the SHA-256 is here. The secrets have 256 random bits, so a copy of these
//   tables lets nobody in.
// - A key is revoked and not deleted: the audit names it for as long as there is an audit.
// - Both tables are new, so nobody waits for a lock (M2).
import type { MigrationInterface, QueryRunner } from 'typeorm';

const API_KEY = `
  create table concordat.api_key (
    id           uuid        primary key,
    prefix       text        not null unique,
    hash         bytea       not null check (octet_length(hash) = 32),
    name         text        not null,
    grants       jsonb       not null,
    made_at      timestamptz not null default now(),
    made_by      text        not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
  );`;

// Sessions are few, and each is looked up by its key. `grants` counts where there is no key whose
// grants count; `bound_to` ties a session to the key of the setting that it was begun with. That
// of a person whom an identity provider vouches for is confirmed there time and again: `refresh`
// is what that takes, sealed with the session's id, which is not here.
const SESSION = `
  create table concordat.session (
    hash          bytea    primary key check (octet_length(hash) = 32),
    kind          text    not null,
    principal     text    not null,
    name          text    not null,
    grants        jsonb    not null,
    key_id        uuid,
    bound_to      bytea,
    refresh       bytea,
    begun_at      timestamptz not null default now(),
    seen_at       timestamptz not null default now(),
    confirmed_at  timestamptz not null default now(),
    confirming_at timestamptz
  );
  create index session_begun on concordat.session (begun_at);
  create index session_key on concordat.session (key_id) where key_id is not null;`;

export class CreateAccess implements MigrationInterface {
  readonly name = 'CreateAccess0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(API_KEY);
    await runner.query(SESSION);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
