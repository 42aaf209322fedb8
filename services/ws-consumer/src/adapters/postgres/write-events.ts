/**
 * The parts of the writer's statement for entries that are no messages: they take their seqs like messages, and what
 * they say is done to the rows of the messages in the same statement, so that order and state agree. A message that
 * they speak of may be in the same batch (after a restored backup, the log is read again): then it is stored as they
 * leave it.
 */

/** Columns that only events have: in their JSON, and as they are called in the statement. */
export const EVENT_FIELDS = [
  ", target bigint, emoji text, remove boolean",
  ", target, emoji, remove",
] as const;

/** What is kept of each event; null for a message. */
export const EVENT_TEXTS = ",\n    json_array_elements_text($7::text::json)";

/** The last word on each message that is edited or deleted; a deletion is always the last. */
const CHANGE = `change as (
  select distinct on (room, target) room, target, body, at, type = 'message_deleted' as is_deletion
  from placed where type in ('message_edited', 'message_deleted')
  order by room, target, is_deletion desc, n desc
)`;

export const ENTRY_WITH_CHANGES = `${CHANGE}, entry as (
  insert into chat.entries (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body,
    event, edited_at, deleted_at)
  select p.room, p.seq, p.log_seq, p.at, p.reply_to, p.type, (p.author).id, (p.author).username, p.id,
    case when p.type <> 'message' or c.is_deletion then '' else coalesce(c.body, p.body) end,
    p.event::json, case when not c.is_deletion then c.at end, case when c.is_deletion then c.at end
  from placed p left join change c on p.type = 'message' and c.room = p.room and c.target = p.seq
)`;

/** Order in the statement does not matter: each part sees the tables as they were, and `placed`. */
export const EVENT_EFFECTS = `changed as (
  update chat.entries e
  set body = case when c.is_deletion then '' else c.body end,
    edited_at = case when c.is_deletion then e.edited_at else c.at end,
    deleted_at = case when c.is_deletion then c.at end
  from change c
  where e.room = c.room and e.seq = c.target and e.type = 'message' and e.deleted_at is null
  returning e.room, e.seq
), changed_words as (
  insert into chat.unindexed (room, first_seq, last_seq) select room, seq, seq from changed
), reacted as (
  select distinct on (room, target, emoji, (author).id) room, target, emoji, (author).id as user_id, at, remove
  from placed where type = 'reaction'
  order by room, target, emoji, (author).id, n desc
), reaction_added as (
  insert into chat.reactions (room, seq, emoji, user_id, at)
  select r.room, r.target, r.emoji, r.user_id, r.at from reacted r
  where not r.remove and (
    exists (select from chat.entries e
      where e.room = r.room and e.seq = r.target and e.type = 'message' and e.deleted_at is null)
    or exists (select from placed p where p.room = r.room and p.seq = r.target and p.type = 'message')
  ) and not exists (select from change c where c.room = r.room and c.target = r.target and c.is_deletion)
  on conflict do nothing
), reaction_removed as (
  delete from chat.reactions x using reacted r
  where r.remove and x.room = r.room and x.seq = r.target and x.emoji = r.emoji and x.user_id = r.user_id
), reaction_gone as (
  delete from chat.reactions x using change c where c.is_deletion and x.room = c.room and x.seq = c.target
), `;
