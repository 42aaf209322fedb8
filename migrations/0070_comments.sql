-- Describes every schema, table and column in the database itself: psql shows it with \d+. Those of chat.entries are in
-- migration 0060. A test fails when a later table or column has no comment.
comment on schema auth is 'Accounts, sessions, tokens and keys. Read and written by services/auth only.';
comment on schema chat is 'Rooms, their entries, and the writers'' progress. Read and written by services/ws-consumer only.';

comment on table auth.users is 'Accounts.';
comment on column auth.users.id is 'Id of the user: claim sub of an access token, author_id and user_id in schema chat.';
comment on column auth.users.username is 'Name to log in with, as the user wrote it. It never changes.';
comment on column auth.users.username_key is 'Username in lower case: unique, so that no two names differ by case only.';
comment on column auth.users.display_name is 'Name that others see. The user may change it.';
comment on column auth.users.password_hash is 'Encoded argon2id hash with its parameters and salt.';
comment on column auth.users.created_at is 'When the account was registered.';
comment on column auth.users.updated_at is 'When the display name or the password was last changed.';
comment on column auth.users.password_epoch is 'Number of password changes so far. Sessions of an earlier number are not open.';

comment on table auth.sessions is 'Logins: one row per login on one device. An access token names its session in claim sid.';
comment on column auth.sessions.id is 'Id of the session.';
comment on column auth.sessions.user_id is 'User who logged in.';
comment on column auth.sessions.device is 'User agent that logged in; may be empty.';
comment on column auth.sessions.created_at is 'When the user logged in.';
comment on column auth.sessions.last_used_at is 'When the session last got a token.';
comment on column auth.sessions.expires_at is 'When the session ends unless it is refreshed before.';
comment on column auth.sessions.revoked_at is 'When the session was revoked; null if it was not.';
comment on column auth.sessions.revoked_why is 'revoked (by the user), password (it was changed) or reuse (of a refresh token).';
comment on column auth.sessions.password_epoch is 'password_epoch of the user at the login.';

comment on table auth.refresh_tokens is 'Refresh tokens: each is good for one exchange. All tokens of a session are one family.';
comment on column auth.refresh_tokens.token_hash is 'SHA-256 of the token. The token itself is not stored.';
comment on column auth.refresh_tokens.session_id is 'Session that the token belongs to.';
comment on column auth.refresh_tokens.predecessor_hash is 'Hash of the token that was exchanged for this one; null for the first of a session.';
comment on column auth.refresh_tokens.created_at is 'When the token was issued.';
comment on column auth.refresh_tokens.rotated_at is 'When it was exchanged; null while it is valid.';
comment on column auth.refresh_tokens.retry_key is
  'Derives the successor from the token itself, for a client that lost the answer. Removed once the successor is used, or after a minute.';

comment on table auth.signing_keys is 'Keys that sign access tokens, oldest first.';
comment on column auth.signing_keys.generation is 'Number of the key. Its uniqueness lets one of several processes add the next key.';
comment on column auth.signing_keys.kid is 'Key id: header kid of a token.';
comment on column auth.signing_keys.private_jwk is 'Ed25519 private key as a JWK (RFC 8037).';
comment on column auth.signing_keys.created_at is 'When the key was made.';
comment on column auth.signing_keys.signs_from is 'When it begins to sign; it is published before, so that verifiers know it by then.';

comment on table chat.installation is 'Settings fixed when the database was first used. One row.';
comment on column chat.installation.only_one is 'Always true: the primary key allows one row.';
comment on column chat.installation.shards is 'Number of shards of the log (LOG_SHARDS). A room''s shard is a hash of its id modulo this number.';
comment on column chat.installation.created_at is 'When ws-consumer first started on this database.';

comment on table chat.shards is 'Shards of the log: how far each is stored, and the lease of the instance that writes it.';
comment on column chat.shards.shard is 'Number of the shard, from 0.';
comment on column chat.shards.cursor is 'Sequence of the last log message that is stored, put aside as a dead letter, or a duplicate.';
comment on column chat.shards.cursor_time is
  'When the log took that message, ns since 1970. Another time at the same sequence means another log.';
comment on column chat.shards.stream_created is 'Creation time of the stream that the cursor belongs to.';
comment on column chat.shards.epoch is 'Fencing token: incremented for each new holder. A write under an earlier epoch changes nothing.';
comment on column chat.shards.holder is 'Instance that holds the lease; null if none.';
comment on column chat.shards.lease_until is 'When the lease ends unless it is renewed. From then on any instance may take the shard.';

comment on table chat.writers is 'Instances of ws-consumer that are alive; they divide the shards among themselves.';
comment on column chat.writers.instance is 'Name of the instance: host and port.';
comment on column chat.writers.seen_at is 'When it last reported that it can write.';

comment on table chat.rooms is 'Channels, groups and direct chats.';
comment on column chat.rooms.id is 'Id of the room; for a channel its name.';
comment on column chat.rooms.kind is 'channel, group or direct.';
comment on column chat.rooms.head is 'Seq of the newest entry. Entries 1 to head are all stored.';
comment on column chat.rooms.created_at is 'When the room was created.';
comment on column chat.rooms.last_at is 'When the newest entry was accepted.';
comment on column chat.rooms.title is 'Title that members see; null for none.';
comment on column chat.rooms.created_by is 'Id of the user who created the room; null if its first message did.';
comment on column chat.rooms.version is
  'Incremented by every change of the room or its members. A change is applied only at the version that it was checked against.';
comment on column chat.rooms.last_message is 'Seq of the newest message; other entries do not move a room up in a list.';
comment on column chat.rooms.last_message_at is 'When that message was accepted.';
comment on column chat.rooms.deleted_at is 'When the room was deleted; its id is not given again.';

comment on table chat.members is 'Members of rooms, with their role, read cursor and preferences.';
comment on column chat.members.room is 'Id of the room.';
comment on column chat.members.user_id is 'Id of the member.';
comment on column chat.members.username is 'Name of that user; names do not change.';
comment on column chat.members.role is 'owner, admin or member.';
comment on column chat.members.joined_at is 'When the user joined.';
comment on column chat.members.read_seq is 'Read cursor: seq up to which the member has read. It never goes back.';
comment on column chat.members.is_muted is 'The member wants no notifications of this room.';
comment on column chat.members.is_pinned is 'The member sees this room first in the list.';
comment on column chat.members.changed is 'Id of the outbox row of the latest change: the version of this right in the bucket ROOMS.';

comment on table chat.outbox is
  'Log entries that wait to be published. Written in the statement that makes the change, deleted once the log has the entry.';
comment on column chat.outbox.id is 'Order of publication, and version of the right that changes.';
comment on column chat.outbox.shard is 'Shard of the room.';
comment on column chat.outbox.room is 'Id of the room.';
comment on column chat.outbox.member is 'Id of the user whose right changes; null if none.';
comment on column chat.outbox.role is 'New role of that user; none if no longer a member.';
comment on column chat.outbox.room_state is 'New state of the room, open or none (deleted); null if it does not change.';
comment on column chat.outbox.entry is 'Log entry as JSON, exactly as it will be published.';
comment on column chat.outbox.receipt is 'NATS subject on which a request waits for the seq of the entry; null if none.';
comment on column chat.outbox.at is 'When the row was written.';

comment on table chat.reactions is 'Reactions to messages, as the reaction entries have left them.';
comment on column chat.reactions.room is 'Id of the room.';
comment on column chat.reactions.seq is 'Seq of the message.';
comment on column chat.reactions.emoji is 'Emoji, or the name of one.';
comment on column chat.reactions.user_id is 'Id of the user who reacted.';
comment on column chat.reactions.at is 'When the reaction was accepted.';

comment on table chat.last_seen is 'When users were last online. Who is online now is exchanged between instances and not stored.';
comment on column chat.last_seen.user_id is 'Id of the user.';
comment on column chat.last_seen.at is 'When the last connection of the user ended.';

comment on table chat.dead_letters is 'Log entries that can never be stored, byte for byte. make dead-letters lists them and puts them back.';
comment on column chat.dead_letters.id is 'Number of the dead letter, for make dead-letters REPLAY=id.';
comment on column chat.dead_letters.shard is 'Shard of the log.';
comment on column chat.dead_letters.log_seq is 'Sequence of the log message.';
comment on column chat.dead_letters.reason is 'Why the entry was refused.';
comment on column chat.dead_letters.subject is 'NATS subject of the log message.';
comment on column chat.dead_letters.headers is 'Headers of the log message.';
comment on column chat.dead_letters.payload is 'Payload of the log message, or the line of the pack that held the entry.';
comment on column chat.dead_letters.at is 'When it was put aside.';

comment on table chat.unindexed is 'Search queue: stored messages that are not in the search index yet, one row per room and batch.';
comment on column chat.unindexed.id is 'Order in the queue.';
comment on column chat.unindexed.room is 'Id of the room.';
comment on column chat.unindexed.first_seq is 'Seq of the first message.';
comment on column chat.unindexed.last_seq is 'Seq of the last message.';

comment on table chat.words is 'Search index of messages.';
comment on column chat.words.room is 'Id of the room.';
comment on column chat.words.seq is 'Seq of the message.';
comment on column chat.words.at is 'When the message was accepted.';
comment on column chat.words.is_open is 'The room is a channel: every user may find the message.';
comment on column chat.words.words is 'Lexemes of the text, and the room as a lexeme that no text yields (room general).';

comment on function chat.entry_key is
  'Key of an entry, 16 bytes: 4 hashed from the room, 12 from room, author, type and client id. It recognises an entry that is sent again.';
