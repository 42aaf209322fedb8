-- Partitions the entries by room, and adds the column for a message's optional content (docs/decisions/0034). This
-- copies every row once, in one transaction: sending goes on into the log, and is stored when it has ended.
alter table chat.entries rename to entries_unpartitioned;

create table chat.entries (
  room text collate "C" not null,
  seq bigint not null check (seq > 0),
  log_seq bigint not null,
  at timestamptz not null,
  reply_to bigint,
  type text collate "C" not null,
  author_id text collate "C" not null,
  author_username text not null,
  client_id text collate "C" not null,
  body text not null,
  event json,
  edited_at timestamptz,
  deleted_at timestamptz,
  extra json
) partition by hash (room);

do $$
begin
  for n in 0..7 loop
    execute format('create table chat.entries_%s partition of chat.entries for values with (modulus 8, remainder %s)',
      n, n);
  end loop;
end
$$;

insert into chat.entries (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body, event,
  edited_at, deleted_at)
select room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body, event, edited_at, deleted_at
from chat.entries_unpartitioned;

drop table chat.entries_unpartitioned;

alter table chat.entries add constraint entries_pkey primary key (room, seq);
create index entries_replies on chat.entries (room, reply_to) where reply_to is not null and deleted_at is null;

-- An index of the partitioned table could be unique only with the room in it, which doubles its size. One of each
-- partition keeps the same promise: all entries of a room are in one partition, and the room is part of the key.
do $$
begin
  for n in 0..7 loop
    execute format('create unique index entries_%s_key on chat.entries_%s
      (chat.entry_key(room, author_id, type, client_id))', n, n);
  end loop;
end
$$;

-- Autovacuum analyzes partitions, but never the partitioned table.
analyze chat.entries;

comment on table chat.entries is
  'What happened in each room: messages, edits, deletions, reactions, member changes. Partitioned by hash of the room; '
  'each partition has a unique index on chat.entry_key, so that no entry is stored twice.';
comment on column chat.entries.room is 'Id of the room.';
comment on column chat.entries.seq is 'Place in the room: 1, 2, 3 … without a gap.';
comment on column chat.entries.log_seq is 'Sequence of the log message that held the entry, in the stream of the room''s shard.';
comment on column chat.entries.at is 'When the producer accepted the entry.';
comment on column chat.entries.reply_to is 'Seq of the message in the same room that this one answers.';
comment on column chat.entries.type is 'message, or the type of the event: message_edited, message_deleted, reaction, …';
comment on column chat.entries.author_id is 'Id of the user who sent the entry.';
comment on column chat.entries.author_username is 'Name of that user; names do not change.';
comment on column chat.entries.client_id is 'Id given by the sender: unique with room, author and type.';
comment on column chat.entries.body is 'Text of a message after its latest edit; empty for deleted messages and other types.';
comment on column chat.entries.event is 'Entry as it stands in the log, for every type but message.';
comment on column chat.entries.edited_at is 'When the message was last edited.';
comment on column chat.entries.deleted_at is 'When the message was deleted; the row and its seq stay.';
comment on column chat.entries.extra is 'Optional content of a message as one JSON object; null if it has none.';
