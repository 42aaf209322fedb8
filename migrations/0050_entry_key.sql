-- What tells an entry from all others however often it is sent, in 16 bytes: the index of the four texts themselves
-- was larger than the entries. The first 4 are the room's, so that the keys of one room lie together; the other 12 are
-- of all four (docs/decisions/0004). The cast of text to bytea reads backslashes, hence they are doubled; convert_to
-- would do, but counts as changeable. Of the four only the last may have a slash in it.
create function chat.entry_key(room text, author_id text, type text, client_id text) returns uuid
language sql immutable parallel safe
return encode(
  substr(sha256(room::bytea), 1, 4) ||
  substr(sha256(replace(room || '/' || author_id || '/' || type || '/' || client_id, '\', '\\')::bytea), 1, 12),
  'hex'
)::uuid;

create unique index entries_key on chat.entries (chat.entry_key(room, author_id, type, client_id));
alter table chat.entries drop constraint entries_room_author_id_client_id_type_key;
