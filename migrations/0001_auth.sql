-- Who is who. Only services/auth reads or writes this schema.
create schema auth;

create table auth.users (
  id uuid primary key default gen_random_uuid(),
  username text not null check (username ~ '^[a-zA-Z0-9_.-]{3,32}$'),
  -- Names are ASCII, so lower() is the same for every locale.
  username_key text not null generated always as (lower(username)) stored unique,
  display_name text not null check (display_name <> ''),
  -- An encoded argon2id hash with its parameters.
  password_hash text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- One login on one device. An access token names its session (claim sid).
create table auth.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  device text not null default '',
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_why text
);
create index sessions_user on auth.sessions (user_id);
create index sessions_revoked on auth.sessions (revoked_at, id) where revoked_at is not null;
create index sessions_expiry on auth.sessions (expires_at);

-- The keys that sign tokens, oldest first. `generation` lets exactly one of several racing processes add the next.
create table auth.signing_keys (
  generation integer primary key,
  kid text not null unique,
  -- An Ed25519 private key (RFC 8037 JWK).
  private_jwk json not null,
  created_at timestamptz not null default now(),
  -- Published before this moment, used for signing from it on.
  signs_from timestamptz not null default now()
);
