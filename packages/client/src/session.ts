import { ParleyError } from "./error.ts";
import { logIn, type Request } from "./http.ts";
import type { Tokens } from "./tokens.ts";
import type { Session } from "./types.ts";

type SessionParts = Readonly<{
  request: Request;
  tokens: Tokens;
  /** The new user's sockets may open. */
  onSignedIn: () => Promise<void>;
  /** Forgets everything that was kept for the user. */
  forget: (error: ParleyError) => Promise<void>;
}>;

/** Signing in and out, for people in browsers. */
export function createSession({ request, tokens, onSignedIn, forget }: SessionParts): Session {
  return {
    user: tokens.user,
    token: tokens.token,
    async register(account) {
      await request("auth", "POST", "/register", { body: account });
    },
    async signIn(credentials) {
      tokens.signedIn(await logIn(request, credentials));
      await onSignedIn();
    },
    async signOut() {
      const token = await tokens.token().catch(() => undefined);
      const error = new ParleyError("signed_out");
      tokens.signOut();
      await forget(error);
      await request("auth", "POST", "/logout", { token });
    },
  };
}
