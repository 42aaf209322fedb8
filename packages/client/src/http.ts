import { type ErrorCode, errorOf, type ParleyError, toError } from "./error.ts";
import type { Tokens } from "./tokens.ts";
import type { Answer, Grant, Options, Profile, RequestOptions, Service } from "./types.ts";

/** How long a request may take, ms. */
const REQUEST_MS = 15_000;

type Urls = Readonly<Record<Service, string>>;
type Ask = Omit<RequestOptions, "service" | "isPublic">;

/** The three services: behind one origin, or each at its own. @throws {TypeError} if one has no http(s) URL. */
export function urlsOf(url: Options["url"]): Urls {
  const isOne = typeof url === "string";
  const of = (service: Service) => {
    const { protocol, href } = new URL(isOne ? url : url[service], globalThis.location?.href);
    if (!/^http/.test(protocol)) throw new TypeError("no URL");
    return href.replace(/\/*$/, isOne ? `/${service}` : "");
  };
  return { auth: of("auth"), send: of("send"), listen: of("listen") };
}

/** Codes of answers that name none, by status. */
const CODES: Readonly<Record<number, ErrorCode>> = { 401: "unauthenticated", 429: "rate_limited" };

type RequestParts = Readonly<{ urls: Urls; fetch: typeof fetch; closed: AbortSignal }>;

/** Makes one request without a token. @throws {ParleyError} the problem it was answered with, `network` or `timeout`. */
export function createRequest({ urls, fetch, closed }: RequestParts) {
  return async <T>(
    service: Service,
    method: string,
    path: string,
    { body, query, signal, token }: Ask & { token?: string | undefined } = {},
  ): Promise<Answer<T>> => {
    const ends = [AbortSignal.timeout(REQUEST_MS), closed].concat(signal ?? []);
    try {
      const answer = await fetch(`${urls[service]}/api/v1${path}${textOf(query)}`, {
        method,
        headers: {
          ...(body && { "content-type": "application/json" }),
          ...(token && { authorization: `Bearer ${token}` }),
        },
        body: body ? JSON.stringify(body) : null,
        credentials: service === "auth" ? "include" : "omit",
        signal: AbortSignal.any(ends),
      });
      // An answer that is cut off, or is a portal's page, is none.
      if (answer.ok) return (await answer.json()) as Answer<T>;
      // What a proxy answers has no problem in its body.
      const problem = await answer.json().catch(() => ({}));
      const retryAfterMs = Number(answer.headers.get("retry-after")) * 1_000 || undefined;
      throw errorOf({ retryAfterMs, ...(problem as object) }, CODES[answer.status] ?? "unavailable");
    } catch (thrown) {
      throw toError(thrown);
    }
  };
}

function textOf(query: Ask["query"] = {}): string {
  // What is undefined goes.
  return `?${new URLSearchParams(JSON.parse(JSON.stringify(query)))}`;
}
export type Request = ReturnType<typeof createRequest>;

/** Requests with the session's token; a refused token is renewed once. */
export type Http = <T>(method: string, path: string, o?: RequestOptions) => Promise<Answer<T>>;
export function createHttp(request: Request, tokens: Tokens): Http {
  return async (method, path, { service = "listen", isPublic, ...ask } = {}) => {
    if (isPublic) return request(service, method, path, ask);
    const token = await tokens.token();
    try {
      return await request(service, method, path, { ...ask, token });
    } catch (error) {
      if ((error as ParleyError).code !== "unauthenticated") throw error;
      tokens.refused(token);
      return request(service, method, path, { ...ask, token: await tokens.token() });
    }
  };
}

type LoggedIn = { token: string; expiresIn: number; user: Profile };

/** Asks auth for a token; the refresh token stays in a cookie that no script can read. */
async function askGrant(request: Request, path: string, o: Ask): Promise<Grant & { user: Profile }> {
  const { token, expiresIn, user } = (await request<LoggedIn>("auth", "POST", path, o)).data;
  return { token, lifeMs: expiresIn * 1_000, user };
}

/** The token of the session that the browser's cookie names. */
export const renewByCookie =
  (request: Request) =>
  (_why: unknown, signal: AbortSignal): Promise<Grant> =>
    askGrant(request, "/refresh", { signal });

/** Opens a session by a password. */
export const logIn = (
  request: Request,
  credentials: { username: string; password: string },
): ReturnType<typeof askGrant> => askGrant(request, "/login", { body: { ...credentials, cookieOnly: true } });
