import type { FastifyReply, FastifyRequest } from "fastify";

/** Name of the cookie that holds a browser's refresh token. */
const REFRESH_COOKIE = "parley_refresh";
const COOKIE_PATH = "/api/v1";
/** Lifetime of the cookie, seconds: the longest that browsers accept. auth decides when the session expires. */
const COOKIE_SECONDS = 400 * 86_400;

/** The cookie that holds a browser's refresh token. Scripts cannot read it, and other sites do not send it. */
export type RefreshCookie = Readonly<{
  /** The token of a request; empty if it brings none. */
  read: (request: FastifyRequest) => string;
  set: (reply: FastifyReply, refreshToken: string) => void;
  clear: (reply: FastifyReply) => void;
}>;

/**
 * @param prefix path under which an edge serves this service
 * @param isSecure whether browsers may send it over TLS only
 */
export function createRefreshCookie(prefix: string, isSecure: boolean): RefreshCookie {
  const options = {
    path: `${prefix}${COOKIE_PATH}`,
    httpOnly: true,
    sameSite: "strict",
    secure: isSecure,
  } as const;
  return {
    read: ({ cookies }) => cookies[REFRESH_COOKIE] ?? "",
    set: (reply, refreshToken) =>
      void reply.setCookie(REFRESH_COOKIE, refreshToken, { ...options, maxAge: COOKIE_SECONDS }),
    clear: (reply) => void reply.clearCookie(REFRESH_COOKIE, options),
  };
}
