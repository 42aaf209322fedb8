import { accountOf, type Registration } from "@parley/client/account";
import { signal } from "@preact/signals";
import { parley } from "../state/parley.ts";
import { route } from "../state/route.ts";
import { codeIn } from "./invite-code.ts";

/** Who may make an account here; `open` until it is known. */
export const registration = signal<Registration>("open");

/** Asks who may make an account. If that cannot be known, the server says it when somebody tries. */
export async function loadRegistration(): Promise<void> {
  registration.value = await accountOf(parley)
    .registration()
    .catch(() => registration.value);
}

/** The code of the address, if it is an invitation. */
export function codeOfAddress(): string | undefined {
  const { value: shown } = route;
  return shown.name === "invite" ? codeIn(shown.code) : undefined;
}
