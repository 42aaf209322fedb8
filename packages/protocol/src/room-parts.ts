import { type Static, Type } from "typebox";
import { EMOJI_LENGTH_MAX } from "./limits.ts";
import { EmojiText, NameText, StorableText } from "./text.ts";

/** Longest title of a room, characters. */
export const TITLE_LENGTH_MAX = 100;

/** What a member of a room may be. In a direct chat both are members. */
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
