-- A deleted account keeps its row and id, without its names: messages go on showing who wrote them as one author, and
-- nobody else can take the name.
alter table auth.users
  add column deleted_at timestamptz,
  add column erased_name_hash bytea unique;
comment on column auth.users.deleted_at is 'When its owner deleted the account; null if it is in use.';
comment on column auth.users.erased_name_hash is 'SHA-256 of the lower-case username of a deleted account: it cannot be registered again.';

-- Users are found by the beginning of a name.
create index users_username_prefix on auth.users (username_key text_pattern_ops);
create index users_display_name_prefix on auth.users (lower(display_name) text_pattern_ops);
