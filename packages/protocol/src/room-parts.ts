import { type Static, Type } from "typebox";

/** Longest title of a room, characters. */
export const TITLE_LENGTH_MAX = 100;

/** What a member of a room may be. In a direct chat both are members. */
export const Role = Type.Union([Type.Literal("owner"), Type.Literal("admin"), Type.Literal("member")], {
  description: "owner, admin or member",
});
export type Role = Static<typeof Role>;

export const Title = Type.String({
  minLength: 1,
  maxLength: TITLE_LENGTH_MAX,
  pattern: "^(?=[^]*\\S)[^\\u0000-\\u001F\\uD800-\\uDFFF]*$",
  description: "what people see as the room's name",
});

export const Emoji = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: "^[^\\u0000\\s\\uD800-\\uDFFF]+$",
  description: "an emoji, or the name of one",
});
