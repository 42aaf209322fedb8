import { accountOf, type Registration } from "@parley/client/account";
import { signal } from "@preact/signals";
import { parley } from "../state/parley.ts";
import { persist } from "../state/persist.ts";
import { route } from "../state/route.ts";
import { phase } from "../state/session.ts";
import { codeIn } from "./invite-code.ts";

/** Who may make an account here; `open` until it is known. */
export const registration = signal<Registration>("open");

/** Asks who may make an account, until that is known or somebody is signed in. */
export async function loadRegistration(): Promise<void> {
  const told = await persist(accountOf(parley).registration, () => phase.value !== "in");
  registration.value = told ?? registration.value;
}

/** The code of the address, if it is an invitation. */
export function codeOfAddress(): string | undefined {
  const { value: shown } = route;
  return shown.name === "invite" ? codeIn(shown.code) : undefined;
}
