import { EVENTS, type EventType, type LogEvent } from "@parley/protocol/events";
import { LogMessage, logMessageOf } from "@parley/protocol/message";
import { shardOf } from "@parley/protocol/rooms";
import { foldEmoji, isTime } from "@parley/protocol/text";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { LogContent } from "../shard-log.ts";

/** Longest id or name of an author, characters. It fits the index of Postgres with room to spare. */
const AUTHOR_LENGTH_MAX = 128;
/** A time as `toISOString` writes it, except for 29 February: a match needs no parsing. */
const ISO_TIME =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

const VALIDATORS = {
  message: Compile(LogMessage),
  ...(Object.fromEntries(
    Object.entries(EVENTS).map(([type, schema]) => [type, Compile(schema as TSchema)]),
  ) as unknown as Record<EventType, ReturnType<typeof Compile<TSchema>>>),
};

/** A shard, the number of shards, and the prefix of the subjects of its rooms (`chat.<shard>.`). */
export type LogShard = Readonly<{ shard: number; shards: number; prefix: string }>;
/** A valid entry: its content, and the same as one line of JSON. */
type ValidEntry = Readonly<{ content: LogContent; text: string }>;
type InvalidEntry = Readonly<{ reason: string }>;

/**
 * Parses and validates an entry's JSON. Never throws: an exception would end the subscription.
 *
 * @param expectedRoom room of the subject; undefined in a pack, where any room of the shard is valid
 */
export function readEntry(
  text: string,
  expectedRoom: string | undefined,
  shard: LogShard,
): ValidEntry | InvalidEntry {
  try {
    return validate(text, expectedRoom, shard);
  } catch (error) {
    return { reason: `cannot be read: ${error}` };
  }
}

function validate(
  text: string,
  expectedRoom: string | undefined,
  { shard, shards }: LogShard,
): ValidEntry | InvalidEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: "not JSON" };
  }
  const reason = schemaFault(value);
  if (reason !== undefined) return { reason };
  const content = value as LogContent;
  const { room, author } = content;
  if (expectedRoom !== undefined && room !== expectedRoom) return { reason: "the room is not the subject's" };
  if (shardOf(room, shards) !== shard) return { reason: "the room belongs to another shard" };
  if (!isUser(author) || ("user" in content && !isUser(content.user)))
    return { reason: "the author's id or name is empty, too long or not text" };
  const at = timeOf(content.at);
  if (at === undefined) return { reason: "`at` is not a time" };
  if (content.type !== "message") {
    const event = cleanEvent(content, at);
    return { content: event, text: JSON.stringify(event) };
  }
  if (at === content.at && isClean(content, text)) return { content, text };
  const message = logMessageOf({ ...content, at }, content);
  return { content: message, text: JSON.stringify(message) };
}

/** Checks a value against the schema of its type; returns the first fault. */
function schemaFault(value: unknown): string | undefined {
  const type = (value as { type?: unknown } | null)?.type;
  const isKnown = typeof type === "string" && Object.hasOwn(VALIDATORS, type);
  const validator = isKnown ? VALIDATORS[type as EventType] : VALIDATORS.message;
  if (validator.Check(value)) return undefined;
  const [first] = validator.Errors(value);
  return `not a ${isKnown ? type : "message"}: ${first?.instancePath ?? ""} ${first?.message ?? ""}`;
}

/** The event without unknown fields, in the order of its schema; its emoji as it is compared. */
function cleanEvent(event: LogEvent, at: string): LogEvent {
  const fields = Object.keys(EVENTS[event.type].properties) as (keyof LogEvent)[];
  const clean = Object.fromEntries(fields.map((field) => [field, event[field]]));
  if (event.type === "reaction") clean.emoji = foldEmoji(event.emoji);
  const { author, user } = event as LogEvent & { user?: LogEvent["author"] };
  const cleanUser = ({ id, username }: LogEvent["author"]) => ({ id, username });
  return { ...clean, author: cleanUser(author), ...(user && { user: cleanUser(user) }), at } as LogEvent;
}

/** Normalizes a time to the form of `toISOString`; undefined if the text is not a time. */
export function timeOf(text: string): string | undefined {
  if (ISO_TIME.test(text)) return text;
  const time = Date.parse(text);
  const written = Number.isNaN(time) ? "" : new Date(time).toISOString();
  return isTime(written) ? written : undefined;
}

function isUser({ id, username }: LogContent["author"]): boolean {
  return isName(id) && isName(username);
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= AUTHOR_LENGTH_MAX && text.isWellFormed() && !text.includes("\0");
}

/** Whether the text can be stored and delivered as it is: one line, without unknown or optional fields. */
function isClean(message: LogMessage, text: string): boolean {
  const fields = message.replyTo === undefined ? 6 : 7;
  return (
    text.startsWith('{"') &&
    !text.includes("\n") &&
    countFields(message) === fields &&
    countFields(message.author) === 2
  );
}

/** Counts without `Object.keys`, whose array would be garbage for each entry. */
function countFields(object: object): number {
  let fields = 0;
  for (const _ in object) fields += 1;
  return fields;
}
