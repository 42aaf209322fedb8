import { ParleyError, toError } from "./error.ts";
import { createLive } from "./live.ts";
import type { WriteLog } from "./log.ts";
import type { Timers } from "./timers.ts";
import type { Grant, Link, Live, Profile, Why } from "./types.ts";

/** How long a renewal may take, ms. */
const RENEWAL_MS = 10_000;
/** After which part of its life a token counts as ended. */
const USED = 0.95;
/** Refusals in a row after which nobody is asked for a token any more. */
const REFUSALS_MAX = 2;
/** Codes of a renewal that mean that there is no session. */
const NO_SESSION = /^(unauthenticated|session_revoked|signed_out)$/;

/** Keeps the token: one renewal at a time, whoever asks. */
export interface Tokens {
  readonly user: Live<Profile | null>;
  /** The token, renewed first if it has ended. @throws {ParleyError} `signed_out`, or why it could not be renewed. */
  token(): Promise<string>;
  /** A server warns that a token ends soon. */
  expiring(token: string): void;
  /** A server refused a token: the next one is asked for once; if that is refused too, it is `signed_out`. */
  refused(token: string): void;
  accepted(token: string, user: Profile): void;
  /** The session is over; nothing is asked for until `signedIn`. */
  signOut(): void;
  signedIn(grant: Grant): void;
  readonly isSignedOut: boolean;
}

type SessionParts = Readonly<{
  renew: Link["renew"];
  timers: Timers;
  log: WriteLog;
  report: (error: unknown) => void;
  /** A new token replaces one that is in use. */
  onRenewed: (token: string) => void;
  onSignedOut: (error: ParleyError) => void;
}>;

/** Makes the keeper of tokens. Wall clocks are not looked at: only lives that were told, and monotonic time. */
export function createTokens({ renew, timers, log, report, onRenewed, onSignedOut }: SessionParts): Tokens {
  const user = createLive<Profile | null>(null, report);
  let grant: (Grant & { until: number }) | undefined;
  let why: Why = "start";
  let refusals = 0;
  let signedOut: ParleyError | undefined;
  let renewing: Promise<string> | undefined;
  let session = {};

  const keep = (next: Grant): string => {
    const life = next.lifeMs ?? lifeOf(next.token) ?? Number.POSITIVE_INFINITY;
    grant = { ...next, until: timers.now() + life * USED };
    why = "expiring";
    if (next.user) user.set(next.user);
    return next.token;
  };

  const signOut = (why?: string): void => {
    if (signedOut) return;
    const error = new ParleyError("signed_out", why);
    signedOut = error;
    grant = undefined;
    user.set(null);
    onSignedOut(error);
  };

  /** Asks for a token. What comes after somebody has signed in meanwhile is of an earlier session, and is ignored. */
  const ask = async (): Promise<string> => {
    const mine = session;
    const signal = AbortSignal.timeout(RENEWAL_MS);
    const late = new Promise<never>((_resolve, reject) => {
      signal.onabort = () => reject(signal.reason);
    });
    try {
      const next = await Promise.race([renew(why, signal), late]);
      return session === mine ? keep(next) : tokens.token();
    } catch (thrown) {
      const error = toError(thrown);
      log("warn", "token_failed", { why, error });
      if (session === mine && NO_SESSION.test(error.code)) signOut(error.message);
      throw error;
    } finally {
      if (session === mine) renewing = undefined;
    }
  };

  const renewOnce = (): Promise<string> => {
    if (signedOut) return Promise.reject(signedOut);
    renewing ??= ask();
    return renewing;
  };

  const tokens: Tokens = {
    user,
    get isSignedOut() {
      return !!signedOut;
    },
    token: async () => (grant && timers.now() < grant.until ? grant.token : renewOnce()),
    expiring(token) {
      if (grant && grant.token !== token) onRenewed(grant.token);
      else renewOnce().then(onRenewed, () => undefined);
    },
    refused(token) {
      if (grant?.token !== token) return;
      grant = undefined;
      why = "refused";
      refusals += 1;
      log("info", "token_refused");
      if (refusals >= REFUSALS_MAX) signOut();
    },
    accepted(token, me) {
      if (grant?.token === token) refusals = 0;
      if (user.value?.id !== me.id) user.set(me);
    },
    signOut: () => signOut(),
    signedIn(next) {
      signedOut = renewing = undefined;
      session = {};
      refusals = 0;
      keep(next);
    },
  };
  return tokens;
}

/** The life of a JWT by its own two times, ms: their difference is right whatever our clock says. */
function lifeOf(token: string): number | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const { iat, exp } = JSON.parse(atob(payload));
    return exp > iat ? (exp - iat) * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
