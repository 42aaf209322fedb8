import { Type } from "typebox";
import { BODY_LENGTH_MAX, ID_LENGTH_MAX } from "./limits.ts";
import { ROOM_PATTERN } from "./rooms.ts";

/** Text without NUL, which Postgres cannot store, and without lone surrogates, which UTF-8 cannot carry. */
export const TEXT_PATTERN = "^[^\\u0000\\uD800-\\uDFFF]*$";
/** The same, with something to see in it. */
const VISIBLE_TEXT_PATTERN = "^(?=[^]*\\S)[^\\u0000\\uD800-\\uDFFF]*$";

export const Id = Type.String({
  minLength: 1,
  maxLength: ID_LENGTH_MAX,
  pattern: TEXT_PATTERN,
  description: "the client's own id: a retry with the same id is the same message",
});
export const Room = Type.String({ pattern: ROOM_PATTERN, description: "the room's name or id" });
export const Seq = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "place in the room's order",
});
export const After = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "the last seq that the client has; 0 for none",
});
export const Body = Type.String({
  minLength: 1,
  maxLength: BODY_LENGTH_MAX,
  pattern: VISIBLE_TEXT_PATTERN,
  description: "text without NUL and lone surrogates, not blank",
});
export const At = Type.String({ description: "RFC 3339 time in UTC with milliseconds" });
export const User = Type.Object({ id: Type.String(), username: Type.String() });
