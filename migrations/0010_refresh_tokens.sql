-- Refresh tokens: each is good for one exchange. All tokens of a session are one family.
create table auth.refresh_tokens (
  -- SHA-256 of the token; the token itself is nowhere here.
  token_hash bytea primary key,
  session_id uuid not null references auth.sessions (id) on delete cascade,
  predecessor_hash bytea,
  created_at timestamptz not null default now(),
  -- When it was exchanged.
  rotated_at timestamptz,
  -- With the token itself it gives the successor, for a client that lost the answer. Removed when the successor is
  -- used, or after a minute.
  retry_key bytea
);
create index refresh_tokens_session on auth.refresh_tokens (session_id);
create index refresh_tokens_retry on auth.refresh_tokens (rotated_at) where retry_key is not null;

-- Counts the changes of a password. A session is open only while it has its user's number, so that a login that
-- runs beside a change of the password cannot leave a session of the old password behind.
alter table auth.users add column password_epoch integer not null default 0;
alter table auth.sessions add column password_epoch integer not null default 0;
