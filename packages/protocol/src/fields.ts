import { type Static, Type } from "typebox";
import { BODY_LENGTH_MAX, EMOJI_LENGTH_MAX, ID_LENGTH_MAX, TITLE_LENGTH_MAX } from "./limits.ts";
import { ROOM_PATTERN } from "./rooms.ts";
import { BodyText, EmojiText, LineText, NameText, StorableText } from "./text.ts";

const id = {
  minLength: 1,
  maxLength: ID_LENGTH_MAX,
  description: "the client's own id: a retry with the same id is the same message",
};
export const Id = LineText(id);
/** An id in the log and in what is delivered: it may be older than the rule of `Id`. */
export const StoredId = StorableText(id);
export const Room = Type.String({ pattern: ROOM_PATTERN, description: "the room's name or id" });
export const Seq = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "the message's place in the order of its room",
});
export const After = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "the last seq that the client has; 0 for none",
});
const body = {
  minLength: 1,
  maxLength: BODY_LENGTH_MAX,
  description: "text that shows something, without control characters but tabs and line breaks",
};
export const Body = BodyText(body);
/** A body in the log: it may be older than the rule of `Body`. */
export const StoredBody = StorableText(body);
export const At = Type.String({ description: "RFC 3339 time in UTC with milliseconds" });
export const User = Type.Object({ id: Type.String(), username: Type.String() });
export type User = Readonly<Static<typeof User>>;

/** Role of a room's member; in a direct chat both are `member`. */
export const Role = Type.Union([Type.Literal("owner"), Type.Literal("admin"), Type.Literal("member")], {
  description: "owner, admin or member",
});
export type Role = Static<typeof Role>;

const title = {
  minLength: 1,
  maxLength: TITLE_LENGTH_MAX,
  description: "what people see as the room's name: one line that shows something",
};
export const Title = NameText(title);
/** A title in the log: it may be older than the rule of `Title`. */
export const StoredTitle = StorableText(title);

const emoji = { minLength: 1, maxLength: EMOJI_LENGTH_MAX, description: "an emoji, or the name of one" };
export const Emoji = EmojiText(emoji);
/** An emoji in the log: it may be older than the rule of `Emoji`. */
export const StoredEmoji = StorableText(emoji);
