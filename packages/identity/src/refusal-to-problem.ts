import { ERROR_STATUS, type Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";

/** The HTTP problem (RFC 9457) of a refusal: its code, its message and its hints, with the status of the code. */
export function refusalToProblem(refusal: Refusal): Problem {
  const { code, message, path, retryAfterMs } = refusal;
  return new Problem(ERROR_STATUS[code], code, message, {
    ...(path === undefined ? {} : { path }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
