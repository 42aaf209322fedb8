import type { ParleyError } from "./error.ts";
import { logIn, type Request } from "./http.ts";
import type { Tokens } from "./tokens.ts";
import type { Session } from "./types.ts";

type SessionParts = Readonly<{
  request: Request;
  tokens: Tokens;
  /** Forgets everything that is known and kept for somebody else; without a user, for anybody. */
  claim: (userId?: string) => Promise<void>;
  /** The new user's sockets may open. */
  onSignedIn: () => Promise<void>;
}>;

/** Signing in and out, for people in browsers. */
export function createSession({ request, tokens, claim, onSignedIn }: SessionParts): Session {
  return {
    user: tokens.user,
    token: tokens.token,
    async register(account) {
      await request("auth", "POST", "/register", { body: account });
    },
    async signIn(credentials) {
      const grant = await logIn(request, credentials);
      await claim(grant.user.id);
      tokens.signedIn(grant);
      await onSignedIn();
    },
    async signOut() {
      const token = await tokens.token().catch(() => undefined);
      // First there: the cookie that keeps the session can be cleared by the server alone.
      await request("auth", "POST", "/logout", { token }).catch((error: ParleyError) => {
        if (error.isRetryable) throw error;
      });
      tokens.signOut();
      await claim();
    },
  };
}
