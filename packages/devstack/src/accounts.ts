import { randomBytes } from "node:crypto";
import { DevstackError } from "./environment.ts";

/** A registered user who has logged in. `expiresIn`: of the token, seconds. */
export type Account = Readonly<
  Record<"id" | "username" | "password" | "token" | "refreshToken", string> & { expiresIn: number }
>;
export type Credentials = Readonly<{ username: string; password: string; displayName?: string }>;

/**
 * Registers a user through auth's HTTP API, unless the name is taken or nobody may register, and logs in. The default password is a random one.
 *
 * @throws {DevstackError} with auth's answer if it refuses, or that there is none.
 */
export async function openAccount(authUrl: string, user: Partial<Credentials>): Promise<Account> {
  const { username = `user_${randomBytes(6).toString("hex")}`, password = newPassword() } = user;
  const isTaken = (error: Error) => / answered 4(09|03)/.test(error.message);
  await postJson(`${authUrl}/api/v1/register`, { ...user, username, password }).catch((error: Error) => {
    if (!isTaken(error)) throw error;
  });
  return logIn(authUrl, { username, password });
}

/** @throws {DevstackError} with auth's answer if it refuses, or that there is none. */
export async function logIn(authUrl: string, { username, password }: Credentials): Promise<Account> {
  const session = await postJson(`${authUrl}/api/v1/login`, { username, password });
  const { user, ...tokens } = session as Account & { user: { id: string } };
  return { ...tokens, id: user.id, username, password };
}

/** A random password. */
export const newPassword = (): string => randomBytes(12).toString("base64url");

/** How long a service may ask to be asked again, ms. */
const BUSY_MS = 30_000;

/**
 * Posts JSON; gives the `data` of the answer. Asks again as a service that is busy says (503 with `retryAfterMs`).
 *
 * @throws {DevstackError} with the answer if it is not a success, or that there is none.
 */
export async function postJson(
  url: string,
  body: object,
  token?: string,
  giveUpAt = performance.now() + BUSY_MS,
): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  }).catch((error: Error) => {
    const cause = (error.cause ?? error) as Error & { code?: string };
    const why = cause.code || cause.message;
    throw new DevstackError("NO_ANSWER", `${new URL(url).origin} does not answer (${why}): make ps`);
  });
  const text = await answer.text();
  const { retryAfterMs } = answer.status === 503 ? JSON.parse(text) : {};
  if (retryAfterMs > 0 && performance.now() + retryAfterMs < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    return postJson(url, body, token, giveUpAt);
  }
  if (!answer.ok) throw new DevstackError("REFUSED", `${url} answered ${answer.status}: ${text}`);
  return (JSON.parse(text) as { data: unknown }).data;
}
