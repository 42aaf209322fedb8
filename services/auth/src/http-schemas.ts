import { Type } from "typebox";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "./password.ts";
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
  description: `what others see, 1 to ${DISPLAY_NAME_LENGTH_MAX} characters`,
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
    user: Type.Object(fields, { description: "the same, as login answers it" }),
  }),
});

export const LoginBody = Type.Object({
  username: Type.String({ examples: ["alice"] }),
  password: Type.String({ examples: ["correct horse battery"] }),
});
export const LoggedIn = Type.Object({
  data: Type.Object({
    token: Type.String({ description: "an access token (JWT): Authorization: Bearer …" }),
    expiresIn: Type.Integer({ description: "life of the token, seconds" }),
    user: Type.Object(fields),
  }),
});

export const Me = Type.Object({ data: Type.Object(fields) });
export const UsersQuery = Type.Object({
  ids: Type.String({ description: "ids of users, comma separated, at most 100" }),
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

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "a field breaks a rule: bad_frame, with its path; bad_json",
  401: "unauthenticated, session_revoked",
  409: "username_taken",
  429: "rate_limited: try again after Retry-After seconds",
  503: "unavailable: something that is needed does not answer",
};

/** The problems that a route may answer, for its schema. */
export function problems(...statuses: number[]): Record<number, object> {
  const content = { "application/problem+json": { schema: { $ref: "Problem#" } } };
  return Object.fromEntries(statuses.map((status) => [status, { description: PROBLEMS[status], content }]));
}
