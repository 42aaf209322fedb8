import { STATUS_CODES } from "node:http";
import { Type } from "typebox";

/**
 * An error that HTTP answers as RFC 9457 `application/problem+json`. `code` is stable; `message` is for people.
 *
 * @example throw new Problem(404, "room_not_found", "there is no such room", { path: "/room" })
 */
export class Problem extends Error {
  override readonly name: string = "Problem";
  readonly status: number;
  readonly code: string;
  /** JSON Pointer to the invalid field. */
  readonly path: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    hints: { path?: string; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.path = hints.path;
    this.retryAfterMs = hints.retryAfterMs;
  }
}

/** The JSON body of a problem. */
export function problemText({ status, code, message, path, retryAfterMs }: Problem): string {
  const title = STATUS_CODES[status] ?? "Error";
  return JSON.stringify({ type: "about:blank", title, status, code, detail: message, path, retryAfterMs });
}

/** Schema of the body of every HTTP error: RFC 9457 with members of our own. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ description: "about:blank: `code` names the problem" }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "stable name of the problem" }),
    detail: Type.String(),
    path: Type.Optional(Type.String({ description: "JSON Pointer to the invalid field" })),
    retryAfterMs: Type.Optional(Type.Integer({ description: "try again after this time, milliseconds" })),
  },
  {
    $id: "Problem",
    examples: [
      {
        type: "about:blank",
        title: "Bad Request",
        status: 400,
        code: "bad_frame",
        detail: "must be string",
        path: "/body",
      },
    ],
  },
);
