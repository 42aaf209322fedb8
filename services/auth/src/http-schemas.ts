import { StorableText } from "@parley/protocol/text";
import { Type } from "typebox";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "./password-rules.ts";
import { RegistrationMode } from "./registration.ts";
import {
  DISPLAY_NAME_LENGTH_MAX,
  FOUND_DEFAULT,
  FOUND_MAX,
  USERNAME_LENGTH_MAX,
  USERNAME_LENGTH_MIN,
  USERNAME_PATTERN,
} from "./users.ts";

export const Username = Type.String({
  minLength: USERNAME_LENGTH_MIN,
  maxLength: USERNAME_LENGTH_MAX,
  pattern: USERNAME_PATTERN,
  description: "unique without regard to case",
  examples: ["alice"],
});
/** Characters before NFKC: one may become 18 (U+FDFA), and four may become one. */
const Password = Type.String({
  minLength: 1,
  maxLength: 4 * PASSWORD_LENGTH_MAX,
  description: `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters, counted after NFKC`,
  examples: ["correct horse battery"],
});
/** What a body can hold; only a right one lets anybody in. */
const GIVEN_LENGTH_MAX = 16_384;
const GivenPassword = Type.String({ maxLength: GIVEN_LENGTH_MAX, examples: ["correct horse battery"] });
export const DisplayName = Type.String({
  description: `the name that others see, 1 to ${DISPLAY_NAME_LENGTH_MAX} characters`,
  examples: ["Alice"],
});

/** What others see of a user. */
export const fields = { id: Type.String(), username: Type.String(), displayName: Type.String() };

/** Longest text that is looked at as a code, characters. */
const INVITE_LENGTH_MAX = 100;

export const RegisterBody = Type.Object({
  username: Username,
  password: Password,
  displayName: Type.Optional(DisplayName),
  invite: Type.Optional(
    Type.String({
      maxLength: INVITE_LENGTH_MAX,
      description: "the code of an invite link to a room; needed where registration is by invitation",
      examples: ["0123456789ABCDEFGHJKMNPQRS"],
    }),
  ),
});
export const RegistrationAnswer = Type.Object({ data: Type.Object({ mode: RegistrationMode }) });
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
  username: Type.String({ maxLength: GIVEN_LENGTH_MAX, examples: ["alice"] }),
  password: GivenPassword,
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
export const PasswordBody = Type.Object({ oldPassword: GivenPassword, newPassword: Password });
export const PasswordChanged = Type.Object({
  data: Type.Object({
    revokedSessions: Type.Integer({ description: "number of other sessions that were revoked" }),
  }),
});
export const Time = Type.String({ description: "RFC 3339 time in UTC" });
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
export const LoggedOutAll = PasswordChanged;
export const DeleteBody = Type.Object({ password: GivenPassword });
export const AccountDeleted = Type.Object({ data: Type.Object({ deleted: Type.Literal(true) }) });
export const OptionalTime = Type.Union([Time, Type.Null()]);
export const AccountExported = Type.Object({
  data: Type.Object({
    user: Type.Object({
      ...fields,
      externalId: Type.Optional(Type.String({ description: "id of an application's own user there" })),
      createdAt: Time,
      updatedAt: Time,
    }),
    sessions: Type.Array(
      Type.Object({
        id: Type.String(),
        device: Type.String(),
        createdAt: Time,
        lastUsedAt: Time,
        expiresAt: Time,
        revokedAt: OptionalTime,
        revokedWhy: Type.Union([Type.String(), Type.Null()]),
      }),
      { description: "open ones, and those that ended within a day; at most 1,000" },
    ),
    knownAddresses: Type.Array(
      Type.Object({ hash: Type.String({ description: "SHA-256 of username and address" }), usedAt: Time }),
      { description: "where the account was entered from" },
    ),
  }),
});
export const SessionParams = Type.Object({ id: Type.String() });
export const SessionRevoked = Type.Object({ data: Type.Object({ revoked: Type.Literal(true) }) });
export const Me = Type.Object({ data: Type.Object(fields) });
export const MeWithRole = Type.Object({
  data: Type.Object({
    ...fields,
    role: Type.Optional(Type.Literal("admin", { description: "left out for everybody else" })),
  }),
});
export const UsersQuery = Type.Object({
  ids: Type.Optional(Type.String({ description: "ids of users, separated by commas, at most 100" })),
  name: Type.Optional(
    StorableText({
      minLength: 1,
      maxLength: DISPLAY_NAME_LENGTH_MAX,
      description: "the beginning of a username or display name, without regard to case; instead of ids",
      examples: ["al"],
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: FOUND_MAX,
      description: `most users that are found by name, ${FOUND_DEFAULT} if it is left out`,
    }),
  ),
});
export const UserList = Type.Object({ data: Type.Array(Type.Object(fields)) });
const keyFields = { kid: Type.String(), use: Type.Literal("sig") };
export const Jwks = Type.Object({
  keys: Type.Array(
    Type.Union([
      Type.Object({
        ...keyFields,
        kty: Type.Literal("RSA"),
        alg: Type.Literal("RS256"),
        n: Type.String(),
        e: Type.String(),
      }),
      Type.Object({
        ...keyFields,
        kty: Type.Literal("OKP"),
        alg: Type.Literal("EdDSA"),
        crv: Type.Literal("Ed25519"),
        x: Type.String(),
      }),
    ]),
  ),
});

/** The `security` of a route that needs an access token. */
export const security = [{ bearer: [] }];

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "a field breaks a rule: bad_frame, with its path; bad_json",
  401: "unauthenticated, session_revoked",
  403: "forbidden: the right is missing, or a page of a strange origin sent the cookie; wrong_password, quota_exceeded, invite_invalid, registration_closed",
  404: "session_not_found, service_account_not_found, token_not_found",
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
