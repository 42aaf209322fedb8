-- Builds the search tables anew: words are found by an own tokenizer (docs/decisions/0036), and the index is partitioned
-- by room like the entries. What is stored already waits in the queue: the indexer of ws-consumer takes it in steps.
drop table chat.words;
drop table chat.unindexed;

create table chat.search_queue (
  id bigint generated always as identity primary key,
  shard smallint not null,
  room text collate "C" not null,
  first_seq bigint not null,
  last_seq bigint not null
) with (fillfactor = 70);

create table chat.search_index (
  room text collate "C" not null,
  seq bigint not null,
  at timestamptz not null,
  is_open boolean not null,
  version bigint not null,
  tokens tsvector not null,
  primary key (room, seq)
) partition by hash (room);

do $$
begin
  for n in 0..7 loop
    execute format('create table chat.search_index_%s partition of chat.search_index
      for values with (modulus 8, remainder %s)', n, n);
  end loop;
end
$$;
create index search_index_tokens on chat.search_index using gin (tokens);
create index search_index_at on chat.search_index (at);

insert into chat.search_queue (shard, room, first_seq, last_seq)
select 0, id, 1, last_message from chat.rooms where last_message is not null order by last_at;

comment on table chat.search_queue is
  'Ranges of entries whose messages are to be indexed: new ones, edited and deleted ones. The newest row is taken first.';
comment on column chat.search_queue.id is 'Order of the rows; the version of what is indexed for them.';
comment on column chat.search_queue.shard is
  'Shard of the room: the instance that writes the shard takes the row. 0 for what was stored before this table.';
comment on column chat.search_queue.room is 'Id of the room.';
comment on column chat.search_queue.first_seq is 'First seq of the range; it rises as parts of the range are indexed.';
comment on column chat.search_queue.last_seq is 'Last seq of the range.';
comment on table chat.search_index is
  'Under which tokens each message is found. It can be made again from chat.entries. Partitioned by hash of the room.';
comment on column chat.search_index.room is 'Id of the room.';
comment on column chat.search_index.seq is 'Seq of the message in the room.';
comment on column chat.search_index.at is 'When the message was accepted; results are ordered by it.';
comment on column chat.search_index.is_open is 'Whether the room is a channel, which everybody may search.';
comment on column chat.search_index.version is
  'Id of the queue row that this was indexed for; what is indexed for an older row does not replace it.';
comment on column chat.search_index.tokens is
  'Stems of the tokens, and the room as a lexeme that no text gives (''room general''). Empty once the message is deleted.';
