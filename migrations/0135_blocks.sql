-- Whom a user has blocked: they open no direct chat with the user, write nothing to one that there is, and add the user to
-- no room.
create table chat.blocks (
  user_id text collate "C" not null,
  blocked_id text collate "C" not null,
  blocked_username text not null,
  room text collate "C" not null,
  at timestamptz not null default now(),
  primary key (user_id, blocked_id),
  -- At most one block of a user in a direct chat.
  unique (room, blocked_id)
);

comment on table chat.blocks is 'Whom users have blocked.';
comment on column chat.blocks.user_id is 'Id of the user who blocks.';
comment on column chat.blocks.blocked_id is 'Id of the blocked user.';
comment on column chat.blocks.blocked_username is 'Name of that user; names do not change.';
comment on column chat.blocks.room is 'Id of the direct chat of the two, whether there is one or not: it follows from their ids.';
comment on column chat.blocks.at is 'When the user was blocked.';

-- A block changes a right, and nothing that a room shows.
alter table chat.outbox alter column entry drop not null;
comment on column chat.outbox.entry is 'Log entry as JSON, exactly as it will be published; null if only a right changes.';
