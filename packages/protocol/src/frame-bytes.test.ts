import { Compile } from "typebox/compile";
import { expect, it } from "vitest";
import { AuthFrame, PostFrame, ResumeFrame } from "./client-frames.ts";
import {
  BODY_LENGTH_MAX,
  FRAME_BYTES_MAX,
  ID_LENGTH_MAX,
  ROOMS_PER_RESUME_MAX,
  TOKEN_LENGTH_MAX,
} from "./limits.ts";

/** JSON of a value with every character of its texts and keys escaped. */
function escaped(value: unknown): string {
  if (typeof value === "string") {
    const units = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `${escaped(key)}:${escaped(field)}`);
  return `{${fields.join(",")}}`;
}

const rooms = Array.from({ length: ROOMS_PER_RESUME_MAX }, (_, i) => String(i).padStart(64, "r"));
const after = Number.MAX_SAFE_INTEGER;
const id = "🙂".repeat(ID_LENGTH_MAX);

it.each([
  [
    "message",
    PostFrame,
    { id, room: rooms[0], body: "🙂".repeat(BODY_LENGTH_MAX), replyTo: after, receipt: "stored" },
  ],
  ["resume", ResumeFrame, { id, rooms: Object.fromEntries(rooms.map((room) => [room, after])) }],
  ["auth", AuthFrame, { id, token: "t".repeat(TOKEN_LENGTH_MAX) }],
] as const)(
  "F: the largest %s that meets the limits fits into a frame, with every character escaped",
  (type, schema, fields) => {
    const frame = { type, ...fields };
    const bytes = Buffer.byteLength(escaped(frame));
    expect(JSON.parse(escaped(frame))).toEqual(frame);
    expect(Compile(schema).Check(frame)).toBe(true);
    expect(bytes).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  },
);

it("F: a body is counted in code points", () => {
  const post = Compile(PostFrame);
  expect(post.Check({ room: "a", body: "🙂".repeat(BODY_LENGTH_MAX + 1) })).toBe(false);
});
