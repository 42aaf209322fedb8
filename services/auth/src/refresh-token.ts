import { createHash, createHmac, randomBytes } from "node:crypto";

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A new opaque token of 256 random bits. */
export const createRefreshToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

/** True if a text can be a refresh token; access tokens and accidents are not. */
export const isRefreshToken = (text: string): boolean => TOKEN.test(text);

/** What is stored of a token: its SHA-256, in hexadecimal. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** A key of 256 random bits for `successorOf`, in hexadecimal. */
export const createRetryKey = (): string => randomBytes(TOKEN_BYTES).toString("hex");

/**
 * The token that follows this one. Whoever has the token only, or the database only, cannot tell it; whoever presents
 * the token again gets the same one as long as the key is kept (docs/decisions/0012-refresh-tokens.md).
 */
export const successorOf = (token: string, retryKey: string): string =>
  createHmac("sha256", Buffer.from(retryKey, "hex")).update(token).digest("base64url");
