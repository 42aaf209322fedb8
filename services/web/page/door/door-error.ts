import { ParleyError } from "@parley/client";
import { text } from "../text/en.ts";

/** Why somebody was not let in, and which field it is about. */
export type DoorError = Readonly<{
  field?: "username" | "password" | "displayName" | "invite";
  message: string;
}>;

/** What a refusal to sign in or to register means, for people. */
export function doorErrorOf(error: unknown): DoorError {
  if (!(error instanceof ParleyError)) return { message: String(error) };
  const { code, path, message, retryAfterMs = 1_000 } = error;
  if (code === "username_taken") return { field: "username", message: text.door.taken };
  if (code === "unauthenticated" || code === "wrong_password")
    return { field: "password", message: text.door.wrong };
  if (code === "rate_limited") return { message: text.door.slowDown(Math.ceil(retryAfterMs / 1_000)) };
  if (code === "network" || code === "timeout") return { message: text.door.unreachable };
  if (code === "invite_invalid")
    return { ...(path && { field: "invite" }), message: text.door.inviteInvalid };
  if (code === "forbidden" || code === "registration_closed") return { message: text.door.closed };
  const field = path?.slice(1);
  if (field === "username" || field === "password" || field === "displayName")
    return { field, message: sentence(message) };
  return { message: sentence(message) };
}

/** The server's words without the place, which the field shows. */
function sentence(message: string): string {
  const words = message.replace(/^body\/\w+ /, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
