/** A service token: a prefix by which scanners for leaked secrets find it, and 256 random bits. */
const SERVICE_TOKEN = /^parley_[A-Za-z0-9_-]{43}$/;

/** Whether a text has the form of a service token (docs/decisions/0046-service-tokens-are-opaque.md). */
export const isServiceToken = (text: string): boolean => SERVICE_TOKEN.test(text);

/** What each scope of a service token opens. */
export const SCOPES = {
  "messages:read": "hear rooms and read them: the socket and all GET routes of ws-consumer",
  "messages:write": "send to ws-producer, and change rooms, members and messages at ws-consumer",
  "tokens:issue": "issue access tokens to an application's own users: POST /api/v1/service/tokens",
} as const;

export type Scope = keyof typeof SCOPES;
