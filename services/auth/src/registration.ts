import type { Database } from "@parley/runtime/postgres";
import { type Static, Type } from "typebox";
import { AuthError } from "./auth-error.ts";

/** Who may register: everybody, whoever has the code of an invite link, or nobody. */
export const RegistrationMode = Type.Union(
  [Type.Literal("open"), Type.Literal("invite"), Type.Literal("closed")],
  {
    default: "open",
    description: "who may register: open (everybody), invite (with the code of an invite link) or closed",
  },
);
export type RegistrationMode = Static<typeof RegistrationMode>;

/** The form of a code of an invite link (ws-consumer makes them). */
const CODE = /^[0-9A-Z]{26}$/;

/**
 * Lets a registration pass.
 *
 * @param invite code of an invite link; empty for none
 * @throws {AuthError} `registration_closed`, `invite_invalid`, `unavailable`.
 */
export type AdmitRegistration = (invite: string) => Promise<void>;

/** The database answers for the code, which auth cannot read (docs/decisions/0045-auth-asks-for-an-invite-code.md). */
export function createAdmitRegistration(database: Database, mode: RegistrationMode): AdmitRegistration {
  return async (invite) => {
    if (mode === "open") return;
    if (mode === "closed") throw new AuthError("registration_closed", "nobody can register here");
    const rows = CODE.test(invite)
      ? await database.query<{ isValid: boolean }>('select auth.is_invite_code($1) as "isValid"', [invite])
      : [];
    if (rows[0]?.isValid) return;
    const hint = "registration needs the code of a valid invite link";
    throw new AuthError("invite_invalid", hint, { path: "/invite" });
  };
}
