-- Accounts of programs and of an application's own users, and who administers.
alter table auth.users
  add column role text collate "C" not null default 'user' check (role in ('user', 'admin')),
  add column external_id text collate "C" unique,
  add constraint users_admin_has_password check (role = 'user' or password_hash <> '');
comment on column auth.users.password_hash is
  'Encoded argon2id hash with its parameters and salt; empty for who has no password: service accounts, an application''s own users, deleted accounts.';
comment on column auth.users.role is 'admin, or user for everybody else.';
comment on column auth.users.external_id is 'Id of an application''s own user in that application; null for everybody else.';

create table auth.service_accounts (
  user_id uuid primary key references auth.users (id) on delete cascade,
  scopes text[] not null check (cardinality(scopes) > 0),
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now()
);
comment on table auth.service_accounts is 'Accounts of programs that are in use; each is a user without a password.';
comment on column auth.service_accounts.user_id is 'The user that the program is.';
comment on column auth.service_accounts.scopes is 'What the tokens of the account open.';
comment on column auth.service_accounts.created_by is 'The admin who made it.';
comment on column auth.service_accounts.created_at is 'When it was made.';

-- A service token is a session, so that its revocation reaches open sockets as that of any other.
alter table auth.sessions
  add column token_hash bytea,
  add column is_issued boolean not null default false;
create unique index sessions_token on auth.sessions (token_hash) where token_hash is not null;
create unique index sessions_issued on auth.sessions (user_id) where is_issued and revoked_at is null;
comment on table auth.sessions is
  'Logins: one row per login on one device, and one per service token. An access token names its session in claim sid.';
comment on column auth.sessions.device is 'User agent that logged in; may be empty. The name of the service account that issued it, if one did.';
comment on column auth.sessions.last_used_at is 'When the session last got a token; when a service token was last used, within a minute.';
comment on column auth.sessions.expires_at is 'When the session ends unless it is refreshed before; infinity for a service token without an end.';
comment on column auth.sessions.token_hash is 'SHA-256 of the service token; null for a login. The token itself is not stored.';
comment on column auth.sessions.is_issued is
  'The session of an application''s own user: all access tokens that service accounts issue to the user name it.';

-- auth may ask whether a code lets its bearer register, and sees nothing else of schema chat.
create function auth.is_invite_code(given text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from chat.invite_codes c
    join chat.rooms r on r.id = c.room and r.deleted_at is null
    join chat.members m on m.room = c.room and m.user_id = c.created_by and m.role in ('owner', 'admin')
    where c.code = given and c.expires_at > now()
  )
$$;
comment on function auth.is_invite_code is 'Whether a code of a link to a room is valid, and its maker still has the right to invite.';
revoke execute on function auth.is_invite_code from public;
do $$
begin
  grant execute on function auth.is_invite_code to parley_auth;
exception
  -- The owner could not create roles (migration 0030), and auth logs in as the owner.
  when undefined_object then null;
end
$$;
