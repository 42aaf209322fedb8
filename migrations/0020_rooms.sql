-- Rooms as people know them: who is in them, what has changed, who has read what.

alter table chat.rooms
  add column title text check (title <> ''),
  add column created_by text collate "C",
  -- Goes up with every change of the room or its members. A change is judged on what was read, and made only if this
  -- number is still the same: so no rule can be broken by two changes at once.
  add column version bigint not null default 0,
  -- The seq of the newest message; an entry that is none does not move a room up in a list.
  add column last_message bigint,
  add column last_message_at timestamptz,
  -- The room is gone for everybody, and its name is not given again.
  add column deleted_at timestamptz;

create table chat.members (
  room text collate "C" not null,
  user_id text collate "C" not null,
  -- Names do not change (only display names do).
  username text not null,
  role text collate "C" not null check (role in ('owner', 'admin', 'member')),
  joined_at timestamptz not null default now(),
  -- How far this member has read; it never goes back.
  read_seq bigint not null default 0 check (read_seq >= 0),
  is_muted boolean not null default false,
  is_pinned boolean not null default false,
  -- The outbox row that changed this membership last: the newer of two is the greater.
  changed bigint not null,
  primary key (room, user_id)
) with (fillfactor = 80);
create index members_user on chat.members (user_id, room);
create index members_owners on chat.members (room) where role = 'owner';

-- What is on its way to the log: written in the statement that makes the change, removed once the log has it.
create table chat.outbox (
  id bigint generated always as identity primary key,
  shard smallint not null,
  room text collate "C" not null,
  -- Somebody whose right changes, and to what ('none': not a member any more).
  member text collate "C",
  role text collate "C",
  -- What the room is from here on, if that changes: 'open' or 'none'.
  room_state text collate "C",
  -- The log entry, as it will be published.
  entry json not null,
  -- Core NATS subject where somebody waits to hear its seq.
  receipt text,
  at timestamptz not null default now()
);

-- An entry that is no message keeps what the log has of it, less what can be read elsewhere.
alter table chat.entries
  add column event json,
  add column edited_at timestamptz,
  -- A deleted message keeps its place in the order, and nothing of its text.
  add column deleted_at timestamptz,
  -- A message and a reaction of the same person may have the same id.
  drop constraint entries_room_author_id_client_id_key,
  add unique (room, author_id, client_id, type);
create index entries_replies on chat.entries (room, reply_to) where reply_to is not null and deleted_at is null;

create table chat.reactions (
  room text collate "C" not null,
  -- The message.
  seq bigint not null,
  emoji text collate "C" not null,
  user_id text collate "C" not null,
  at timestamptz not null,
  primary key (room, seq, emoji, user_id)
);

-- Messages that are stored and not yet in chat.words: a row for each room and batch.
create table chat.unindexed (
  id bigint generated always as identity primary key,
  room text collate "C" not null,
  first_seq bigint not null,
  last_seq bigint not null
);

-- What can be searched. Apart from chat.entries, so that storing a message does not wait for its words.
create table chat.words (
  room text collate "C" not null,
  seq bigint not null,
  at timestamptz not null,
  -- It is a channel's: everybody may find it.
  is_open boolean not null,
  -- The message's words, and the room as a lexeme that no text gives ('room general').
  words tsvector not null,
  primary key (room, seq)
);
create index words_words on chat.words using gin (words);
create index words_at on chat.words (at);
