import { ERROR_STATUS, Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";
import { toProblem } from "@parley/socket/socket-route";
import { type TSchema, Type } from "typebox";
import { RoomError } from "../rooms/rules/rights.ts";

/** Gives what a use case gives; a broken rule becomes the problem that HTTP answers. */
export async function answer<T>(work: Promise<T>): Promise<{ data: T }> {
  try {
    return { data: await work };
  } catch (error) {
    if (error instanceof Refusal) throw toProblem(error);
    if (error instanceof RoomError) throw new Problem(ERROR_STATUS[error.code], error.code, error.message);
    throw error;
  }
}

/** The answers of a route: the data with an example, or a problem. */
export function answers(schema: TSchema, example: unknown, status = 200): Record<string, TSchema | object> {
  return {
    [status]: Type.Object({ data: schema }, { examples: [{ data: example }] }),
    "4xx": { $ref: "Problem#" },
    "5xx": { $ref: "Problem#" },
  };
}

/** Numbers of a query come as text; nothing is coerced by itself. */
export const Digits = (description: string) => Type.String({ pattern: "^[0-9]{1,15}$", description });

/** How long a page is. @throws {Problem} 400 if it is too short or too long. */
export function limitOf(text: string | undefined, normal: number, max: number): number {
  const limit = text === undefined ? normal : Number(text);
  if (limit < 1 || limit > max)
    throw new Problem(400, "bad_frame", `limit: must be from 1 to ${max}`, { path: "/limit" });
  return limit;
}

/** A place in a list as opaque text, for the next page. */
export const encodePlace = (place: object): string =>
  Buffer.from(JSON.stringify(place)).toString("base64url");

/** @throws {Problem} 400 if it is no place of such a list. */
export function decodePlace<T>(text: string, isPlace: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (isPlace(value)) return value;
  } catch {
    // Not ours: the same as a place of another list.
  }
  throw new Problem(400, "bad_frame", "cursor: is not one of this list", { path: "/cursor" });
}
