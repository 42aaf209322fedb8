import { ParleyError } from "./error.ts";
import type { Hello } from "./frames.ts";

/**
 * The refusal of a message that is longer than the server's limits, found here instead of by a closed socket (1009).
 * Characters are counted as code points, the frame in bytes of UTF-8.
 */
export function refuseTooLarge(
  body: string,
  frame: string,
  limits: Hello["limits"],
): ParleyError | undefined {
  const { bodyLength, frameBytes } = limits;
  if ([...body].length > bodyLength)
    return new ParleyError("too_large", `at most ${bodyLength} characters`, { path: "/body" });
  if (new TextEncoder().encode(frame).length > frameBytes) return new ParleyError("too_large");
  return undefined;
}
