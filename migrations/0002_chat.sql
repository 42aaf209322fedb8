-- Rooms, what was said in them, and how far the log has been written. Only services/ws-consumer reads or writes
-- this schema. Keys are `collate "C"`: compared as bytes, which is faster, and no upgrade of the system's locale
-- can break their indexes.
create schema chat;

-- What was decided when this installation was made, and cannot change.
create table chat.installation (
  only_one boolean primary key default true check (only_one),
  -- LOG_SHARDS: a room's shard is a hash modulo this number.
  shards smallint not null check (shards between 1 and 1024),
  created_at timestamptz not null default now()
);

-- One row for each shard of the log: how far it has been written, and by whom it is being written.
create table chat.shards (
  shard smallint primary key check (shard >= 0),
  -- Seq of the last log entry that is in chat.entries or chat.dead_letters, or is a duplicate of one that is.
  cursor bigint not null default 0 check (cursor >= 0),
  -- When the log took that entry (ns since 1970). An entry with this seq and another time is another log's.
  cursor_time text,
  -- When the stream was made that `cursor` counts in.
  stream_created text,
  -- Goes up with each new holder, and fences the old one: it writes only under the epoch it was given.
  epoch bigint not null default 0,
  holder text,
  lease_until timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- Instances of ws-consumer that are alive and share the shards among themselves.
create table chat.writers (
  instance text collate "C" primary key,
  seen_at timestamptz not null
) with (fillfactor = 50);

create table chat.rooms (
  id text collate "C" primary key,
  kind text not null check (kind in ('channel', 'group', 'direct')),
  -- The seq of the room's newest entry; entries 1 … head are all there.
  head bigint not null check (head >= 0),
  created_at timestamptz not null,
  -- When its newest entry was written.
  last_at timestamptz not null
) with (fillfactor = 70);

-- What happened in each room, in one order without a hole. They are entries and not messages, because edits,
-- deletions, reactions and changes of members take their place in the same order: `type` says which it is.
create table chat.entries (
  room text collate "C" not null,
  seq bigint not null check (seq > 0),
  -- The shard's log seq that it came from.
  log_seq bigint not null,
  at timestamptz not null,
  reply_to bigint,
  type text collate "C" not null,
  author_id text collate "C" not null,
  author_username text not null,
  client_id text collate "C" not null,
  body text not null,
  primary key (room, seq),
  -- However often an entry is sent, and for ever.
  unique (room, author_id, client_id)
);

-- Log entries that can never become an entry of a room, kept as they were, for a person to look at.
create table chat.dead_letters (
  id bigint generated always as identity primary key,
  shard smallint not null,
  log_seq bigint not null,
  reason text not null,
  subject text not null,
  headers json not null,
  payload bytea not null,
  at timestamptz not null default now()
);

-- As the log holds an author: lets json_to_recordset read it without a second pass.
create type chat.author as (id text, username text);
