-- The user's own room @me: what concerns one user, with a seq of its own (docs/decisions/0037).

create table chat.user_heads (
  user_id text collate "C" primary key,
  head bigint not null check (head > 0)
) with (fillfactor = 70);

create table chat.user_events (
  user_id text collate "C" not null,
  seq bigint not null check (seq > 0),
  key text collate "C",
  event json not null,
  primary key (user_id, seq)
);
create unique index user_events_key on chat.user_events (user_id, key) where key is not null;

comment on table chat.user_heads is 'How many events each user''s own room @me has had. Written after all other rows of a statement, in the order of users.';
comment on column chat.user_heads.user_id is 'Id of the user.';
comment on column chat.user_heads.head is 'Seq of the newest event.';

comment on table chat.user_events is 'What concerns one user: memberships, sessions, read marks of the user''s devices. The newest 1,000 of each user stay.';
comment on column chat.user_events.user_id is 'Id of the user.';
comment on column chat.user_events.seq is 'Place in the room @me of the user: 1, 2, 3 … without a gap.';
comment on column chat.user_events.key is 'What the event says, if it may be said several times but is stored once; null for the others.';
comment on column chat.user_events.event is 'The frame as it is delivered, without its seq.';
