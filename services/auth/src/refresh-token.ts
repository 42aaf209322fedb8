import { createHash, createHmac, randomBytes } from "node:crypto";

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Creates an opaque token of 256 random bits. */
export const createRefreshToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

/** Creates a service token, of 256 random bits too. */
export const createServiceToken = (): string => `parley_${createRefreshToken()}`;

/** Whether a text has the form of a refresh token. Access tokens do not. */
export const isRefreshToken = (text: string): boolean => TOKEN.test(text);

/** The SHA-256 of a token, in hexadecimal; only this is stored. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Creates a key of 256 random bits for `successorOf`, in hexadecimal. */
export const createRetryKey = (): string => randomBytes(TOKEN_BYTES).toString("hex");

/**
 * The successor of a refresh token: HMAC-SHA256 of the token with its retry key. The same token gets the same successor
 * as long as its key is stored; the token alone or the database alone does not reveal it
 * (docs/decisions/0035-refresh-tokens-are-used-once.md).
 */
export const successorOf = (token: string, retryKey: string): string =>
  createHmac("sha256", Buffer.from(retryKey, "hex")).update(token).digest("base64url");
