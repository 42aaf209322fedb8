-- What limits of logins count, for all instances of auth together.
create table auth.login_counts (
  key bytea primary key,
  count integer not null,
  expires_at timestamptz not null
);
create index login_counts_expiry on auth.login_counts (expires_at);

-- Addresses from which an account was entered: their logins do not wait for those of strangers.
create table auth.known_addresses (
  user_id uuid not null references auth.users (id) on delete cascade,
  address_hash bytea not null,
  used_at timestamptz not null default now(),
  primary key (user_id, address_hash)
);
create index known_addresses_age on auth.known_addresses (used_at);

comment on table auth.login_counts is 'Failed and good logins within 15 minutes, by account, by address and by both.';
comment on column auth.login_counts.key is 'SHA-256 of the kind of count with account and address.';
comment on column auth.login_counts.count is 'Logins since the first that counts.';
comment on column auth.login_counts.expires_at is 'When the count ends: 15 minutes after its first login.';
comment on table auth.known_addresses is 'The last 20 addresses from which each account was entered or registered, for 90 days.';
comment on column auth.known_addresses.user_id is 'The account.';
comment on column auth.known_addresses.address_hash is 'SHA-256 of the username and the address (of IPv6, its /64).';
comment on column auth.known_addresses.used_at is 'When the account was last entered from there.';

comment on column auth.sessions.revoked_why is
  'revoked (by the user), password (it was changed), reuse (of a refresh token), quota (of sessions) or deleted (the account).';
comment on column auth.refresh_tokens.retry_key is
  'Derives the successor from the token itself, for a client that lost the answer. Removed once the successor is used, or after a day.';
