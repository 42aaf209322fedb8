import { errorOf, type ParleyError, toError } from "./error.ts";
import type { Tokens } from "./tokens.ts";
import type { Grant, Options, Profile } from "./types.ts";

/** How long a request may take, ms. */
const REQUEST_MS = 15_000;

type Service = "auth" | "send" | "listen";
type Urls = Readonly<Record<Service, string>>;
/** The body of an answer: `data`, and beside it `next` or `head` of lists. */
type Answer<T> = { data: T; next?: string | null; head?: number };
type Ask = Readonly<{
  body?: object;
  query?: Readonly<Record<string, string | number | undefined>>;
  signal?: AbortSignal | undefined;
}>;

/** The three services: behind one origin, or each at its own. */
export function urlsOf(url: Options["url"]): Urls {
  if (typeof url !== "string") return url;
  return { auth: `${url}/auth`, send: `${url}/send`, listen: `${url}/listen` };
}

/** The WebSocket of a service. */
export const socketUrlOf = (url: string): string => `${url.replace(/^http/, "ws")}/ws`;

type RequestParts = Readonly<{ urls: Urls; fetch: typeof fetch; closed: AbortSignal }>;

/** Makes one request without a token. @throws {ParleyError} the problem it was answered with, `network` or `timeout`. */
export function createRequest({ urls, fetch, closed }: RequestParts) {
  return async <T>(
    service: Service,
    method: string,
    path: string,
    ask: Ask & { token?: string } = {},
  ): Promise<Answer<T>> => {
    const ends = [AbortSignal.timeout(REQUEST_MS), closed];
    const signal = AbortSignal.any(ask.signal ? [ask.signal, ...ends] : ends);
    try {
      const answer = await fetch(`${urls[service]}/api/v1${path}${textOf(ask.query)}`, {
        ...initOf(ask),
        method,
        credentials: service === "auth" ? "include" : "omit",
        signal,
      });
      const read = await answer.json().catch(() => ({}));
      if (answer.ok) return read as Answer<T>;
      throw errorOf(
        read as Record<string, unknown>,
        answer.status === 401 ? "unauthenticated" : "unavailable",
      );
    } catch (thrown) {
      throw toError(thrown);
    }
  };
}

function initOf({ body, token }: Ask & { token?: string }): RequestInit {
  const headers = {
    ...(body && { "content-type": "application/json" }),
    ...(token && { authorization: `Bearer ${token}` }),
  };
  return body ? { headers, body: JSON.stringify(body) } : { headers };
}

function textOf(query: Ask["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return `?${search}`;
}
export type Request = ReturnType<typeof createRequest>;

/** Requests to the consumer with the session's token; a refused token is renewed once. */
export type Http = <T>(method: string, path: string, ask?: Ask) => Promise<Answer<T>>;
export function createHttp(request: Request, tokens: Tokens): Http {
  return async (method, path, ask) => {
    const token = await tokens.token();
    try {
      return await request("listen", method, path, { ...ask, token });
    } catch (error) {
      if ((error as ParleyError).code !== "unauthenticated") throw error;
      tokens.refused(token);
      return request("listen", method, path, { ...ask, token: await tokens.token() });
    }
  };
}

type LoggedIn = { token: string; expiresIn: number; user: Profile };
const grantOf = ({ token, expiresIn }: LoggedIn): Grant => ({ token, lifeMs: expiresIn * 1_000 });

/** The token of the session that the browser's cookie names. */
export const renewByCookie =
  (request: Request) =>
  async (_why: unknown, signal: AbortSignal): Promise<Grant> =>
    grantOf((await request<LoggedIn>("auth", "POST", "/refresh", { signal })).data);

/** Opens a session by a password; the refresh token stays in a cookie that no script can read. */
export async function logIn(request: Request, credentials: { username: string; password: string }) {
  const { data } = await request<LoggedIn>("auth", "POST", "/login", {
    body: { ...credentials, cookieOnly: true },
  });
  return { grant: grantOf(data), user: data.user };
}
