import { refusalToProblem } from "@parley/identity/refusal-to-problem";
import { ERROR_STATUS, Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";
import { type TSchema, Type } from "typebox";
import { RoomError } from "../rooms/rules/rights.ts";

/**
 * Wraps the result of a use case as the body of an HTTP response.
 *
 * @throws {Problem} if the use case rejects with a typed error; any other error passes through
 * @example return await dataOrProblem(search(userId, query));
 */
export async function dataOrProblem<T>(result: Promise<T>): Promise<{ data: T }> {
  try {
    return { data: await result };
  } catch (error) {
    if (error instanceof Refusal) throw refusalToProblem(error);
    if (error instanceof RoomError) throw new Problem(ERROR_STATUS[error.code], error.code, error.message);
    throw error;
  }
}

/** The response schemas of a route: `{ data }` with an example under `status`, a problem for 4xx and 5xx. */
export function responseSchemas(
  schema: TSchema,
  example: unknown,
  status = 200,
): Record<string, TSchema | object> {
  return {
    [status]: Type.Object({ data: schema }, { examples: [{ data: example }] }),
    "4xx": { $ref: "Problem#" },
    "5xx": { $ref: "Problem#" },
  };
}
