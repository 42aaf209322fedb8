import { EVENTS, type EventType, type LogEvent } from "@parley/protocol/events";
import { LogMessage } from "@parley/protocol/message";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { LogContent } from "../shard-log.ts";

const VALIDATORS = {
  message: Compile(LogMessage),
  ...(Object.fromEntries(
    Object.entries(EVENTS).map(([type, schema]) => [type, Compile(schema as TSchema)]),
  ) as unknown as Record<EventType, ReturnType<typeof Compile<TSchema>>>),
};

/** Checks an entry's JSON against the schema of its type, or says why it fits none. */
export function checkShape(value: unknown): { content: LogContent } | { reason: string } {
  const type = (value as { type?: unknown } | null)?.type;
  const known = typeof type === "string" && Object.hasOwn(VALIDATORS, type);
  const validator = known ? VALIDATORS[type as EventType] : VALIDATORS.message;
  if (validator.Check(value)) return { content: value as LogContent };
  const [first] = validator.Errors(value);
  return {
    reason: `not a ${known ? type : "message"}: ${first?.instancePath ?? ""} ${first?.message ?? ""}`,
  };
}

/** An event with nothing but what its schema knows, its fields in the schema's order. */
export function plainEvent(event: LogEvent, at: string): LogEvent {
  const fields = Object.keys(EVENTS[event.type].properties) as (keyof LogEvent)[];
  const plain = Object.fromEntries(fields.map((field) => [field, event[field]]));
  const { author, user } = event as LogEvent & { user?: LogEvent["author"] };
  const person = ({ id, username }: LogEvent["author"]) => ({ id, username });
  return { ...plain, author: person(author), ...(user && { user: person(user) }), at } as LogEvent;
}
