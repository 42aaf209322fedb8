import { SCOPES } from "@parley/identity/service-token";
import { LineText } from "@parley/protocol/text";
import { Type } from "typebox";
import { DisplayName, fields, OptionalTime, Time, Username } from "./http-schemas.ts";

/** Longest id of an application's own user, characters. */
const EXTERNAL_ID_LENGTH_MAX = 128;
/** Longest life of a service token that ends, days. */
const TOKEN_DAYS_MAX = 3_650;

const named = <Name extends keyof typeof SCOPES>(name: Name) =>
  Type.Literal(name, { description: SCOPES[name] });
const Scope = Type.Union([named("messages:read"), named("messages:write"), named("tokens:issue")], {
  description: "what a service token opens",
});
const Days = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: TOKEN_DAYS_MAX,
    description: "after how many days the token ends; left out: never",
    examples: [90],
  }),
);
const Token = Type.String({ description: "shown here and never again: Authorization: Bearer …" });

export const ServiceAccountBody = Type.Object({
  name: Username,
  displayName: Type.Optional(DisplayName),
  scopes: Type.Array(Scope, {
    minItems: 1,
    maxItems: Object.keys(SCOPES).length,
    uniqueItems: true,
    examples: [["messages:read", "messages:write"]],
  }),
  expiresInDays: Days,
});
export const ServiceTokenBody = Type.Union([Type.Object({ expiresInDays: Days }), Type.Null()]);

const token = {
  id: Type.String(),
  createdAt: Time,
  expiresAt: OptionalTime,
  lastUsedAt: OptionalTime,
};
const account = {
  id: Type.String({ description: "id of the user that the program is" }),
  name: Type.String({ description: "its username" }),
  displayName: Type.String(),
  scopes: Type.Array(Scope),
  createdAt: Time,
  createdBy: Type.Union([Type.Object({ id: Type.String(), username: Type.String() }), Type.Null()]),
  tokens: Type.Array(Type.Object(token), { description: "the open ones, newest first" }),
};
export const ServiceAccountMade = Type.Object({ data: Type.Object({ ...account, token: Token }) });
export const ServiceAccountList = Type.Object({ data: Type.Array(Type.Object(account)) });
export const ServiceTokenMade = Type.Object({ data: Type.Object({ ...token, token: Token }) });
export const ServiceAccountParams = Type.Object({ id: Type.String() });
export const ServiceTokenParams = Type.Object({
  id: Type.String(),
  token: Type.String({ description: "id of the token" }),
});

export const OwnUserBody = Type.Object({
  externalId: LineText({
    minLength: 1,
    maxLength: EXTERNAL_ID_LENGTH_MAX,
    description: "the user's id in your application; it stays there and here, and nobody else sees it",
    examples: ["customer-42"],
  }),
  displayName: Type.Optional(DisplayName),
});
export const TokenIssued = Type.Object({
  data: Type.Object({
    token: Type.String({ description: "an access token (JWT) for the user" }),
    expiresIn: Type.Integer({ description: "its lifetime, seconds; then ask for another one" }),
    user: Type.Object(fields),
  }),
});
