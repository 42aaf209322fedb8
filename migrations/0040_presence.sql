-- When users were online last. Who is online now is not kept here: instances tell one another.
create table chat.last_seen (
  user_id text collate "C" primary key,
  at timestamptz not null
) with (fillfactor = 70);
