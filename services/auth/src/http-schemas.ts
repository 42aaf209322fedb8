import { Type } from "typebox";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "./password-rules.ts";
import {
  DISPLAY_NAME_LENGTH_MAX,
  USERNAME_LENGTH_MAX,
  USERNAME_LENGTH_MIN,
  USERNAME_PATTERN,
} from "./users.ts";

const Username = Type.String({
  minLength: USERNAME_LENGTH_MIN,
  maxLength: USERNAME_LENGTH_MAX,
  pattern: USERNAME_PATTERN,
  description: "unique without regard to case",
  examples: ["alice"],
});
const Password = Type.String({
  description: `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters, counted after NFKC`,
  examples: ["correct horse battery"],
});
const DisplayName = Type.String({
  description: `the name that others see, 1 to ${DISPLAY_NAME_LENGTH_MAX} characters`,
  examples: ["Alice"],
});

const fields = { id: Type.String(), username: Type.String(), displayName: Type.String() };

export const RegisterBody = Type.Object({
  username: Username,
  password: Password,
  displayName: Type.Optional(DisplayName),
});
export const Registered = Type.Object({
  data: Type.Object({
    ...fields,
    user: Type.Object(fields, { description: "the same fields, as in the answer of login" }),
  }),
});

const CookieOnly = Type.Optional(
  Type.Boolean({
    description: "true: the refresh token is sent only in the HttpOnly cookie, which scripts cannot read",
  }),
);
export const LoginBody = Type.Object({
  username: Type.String({ examples: ["alice"] }),
  password: Type.String({ examples: ["correct horse battery"] }),
  cookieOnly: CookieOnly,
});
/** A refresh token in the body; without it, the cookie counts. */
export const RefreshBody = Type.Union([
  Type.Object({ refreshToken: Type.Optional(Type.String()), cookieOnly: CookieOnly }),
  Type.Null(),
]);
export const LoggedIn = Type.Object({
  data: Type.Object({
    token: Type.String({ description: "an access token (JWT): Authorization: Bearer …" }),
    refreshToken: Type.Optional(
      Type.String({ description: "valid for one POST /api/v1/refresh; also sent in an HttpOnly cookie" }),
    ),
    expiresIn: Type.Integer({ description: "lifetime of the access token, seconds" }),
    user: Type.Object(fields),
  }),
});

export const LoggedOut = Type.Object({ data: Type.Object({ loggedOut: Type.Literal(true) }) });
export const ProfileBody = Type.Object({ displayName: DisplayName });
export const PasswordBody = Type.Object({ oldPassword: Type.String(), newPassword: Password });
export const PasswordChanged = Type.Object({
  data: Type.Object({
    revokedSessions: Type.Integer({ description: "number of other sessions that were revoked" }),
  }),
});
const Time = Type.String({ description: "RFC 3339 time in UTC" });
export const SessionList = Type.Object({
  data: Type.Array(
    Type.Object({
      id: Type.String(),
      device: Type.String({ description: "the user agent that logged in" }),
      createdAt: Time,
      lastUsedAt: Time,
      expiresAt: Time,
      isCurrent: Type.Boolean({ description: "whether this is the session of the request" }),
    }),
  ),
});
export const SessionParams = Type.Object({ id: Type.String() });
export const SessionRevoked = Type.Object({ data: Type.Object({ revoked: Type.Literal(true) }) });
export const Me = Type.Object({ data: Type.Object(fields) });
export const UsersQuery = Type.Object({
  ids: Type.String({ description: "ids of users, separated by commas, at most 100" }),
});
export const UserList = Type.Object({ data: Type.Array(Type.Object(fields)) });
export const Jwks = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      crv: Type.String(),
      x: Type.String(),
      kid: Type.String(),
      alg: Type.String(),
      use: Type.String(),
    }),
  ),
});

/** The `security` of a route that needs an access token. */
export const security = [{ bearer: [] }];

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "a field breaks a rule: bad_frame, with its path; bad_json",
  401: "unauthenticated, session_revoked",
  403: "wrong_password",
  404: "session_not_found",
  409: "username_taken",
  429: "rate_limited: try again after Retry-After seconds",
  503: "unavailable: Postgres or the password process does not answer; overloaded",
};

/** The problem responses of a route, for its schema. */
export function problems(...statuses: number[]): Record<number, object> {
  const content = { "application/problem+json": { schema: { $ref: "Problem#" } } };
  // Any route may be refused for its rate, or while the instance has too much to do.
  const all = [...new Set([...statuses, 429, 503])].sort();
  return Object.fromEntries(all.map((status) => [status, { description: PROBLEMS[status], content }]));
}
