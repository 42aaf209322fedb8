import { isLine, isTime } from "@parley/protocol/text";
import { Problem } from "@parley/runtime/problem";
import { Type } from "typebox";

/** Largest number of 15 digits. */
const DIGITS_MAX = 999_999_999_999_999;

/**
 * Schema of a whole number in a query string. It stays text: Fastify is set not to coerce types. The bounds are for the
 * OpenAPI document (packages/runtime/src/documents.ts).
 */
export const Digits = (description: string, minimum = 0, maximum = DIGITS_MAX) =>
  Type.String({ pattern: "^[0-9]{1,15}$", description, minimum, maximum });

/** Schema of the query parameter `limit`, which `limitOf` reads: so many `items` per page. */
export const Limit = (items: string, normal: number, max: number) =>
  Digits(`${items} in the page: 1 to ${max}, ${normal} if left out`, 1, max);

/**
 * Reads the query parameter `limit`, in items per page.
 *
 * @throws {Problem} 400 if it is below 1 or above `max`
 */
export function limitOf(text: string | undefined, normal: number, max: number): number {
  const limit = text === undefined ? normal : Number(text);
  if (limit < 1 || limit > max)
    throw new Problem(400, "bad_frame", `limit: must be from 1 to ${max}`, { path: "/limit" });
  return limit;
}

/** Longest id in a cursor, characters. */
const ID_LENGTH_MAX = 128;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether a value of a cursor is a time that Postgres can compare with. */
export const isTimeValue = (value: unknown): value is string => typeof value === "string" && isTime(value);
/** Whether a value of a cursor can be the id of a room or user. */
export const isIdValue = (value: unknown): value is string =>
  typeof value === "string" && value.length <= ID_LENGTH_MAX && isLine(value);

/** Encodes the sort key of a page's last item as an opaque cursor for the next page. */
export const encodePlace = (place: object): string =>
  Buffer.from(JSON.stringify(place)).toString("base64url");

/**
 * Decodes a cursor that `encodePlace` made.
 *
 * @throws {Problem} 400 if it is malformed or, by `isPlace`, belongs to another list
 */
export function decodePlace<T>(text: string, isPlace: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(text, "base64url")));
    if (isPlace(value)) return value;
  } catch {
    // Malformed text gets the same answer as a cursor of another list.
  }
  throw new Problem(400, "bad_frame", "cursor: is not one of this list", { path: "/cursor" });
}
