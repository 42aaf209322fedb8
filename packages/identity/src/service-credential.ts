import { createHash, timingSafeEqual } from "node:crypto";
import { InterceptingCall, type Interceptor, type Metadata } from "@grpc/grpc-js";
import { ConfigError } from "@parley/runtime/config";
import { Type } from "typebox";

/** Shortest credential, characters. */
const CREDENTIAL_LENGTH_MIN = 32;
const HEADER = "authorization";
const SCHEME = "Bearer ";

/** The variable that auth and its callers share. */
export const CredentialVariables = {
  AUTH_GRPC_TOKEN: Type.Optional(
    Type.String({
      description:
        "credential of the services at auth's gRPC, 32 characters or more; several for a rotation, comma separated: auth takes each, services send the first",
    }),
  ),
} as const;

/**
 * The credentials in `AUTH_GRPC_TOKEN`.
 *
 * @throws {ConfigError} if one is too short, or there is none although one is needed.
 */
export function readCredentials(
  { AUTH_GRPC_TOKEN: given = "" }: Readonly<{ AUTH_GRPC_TOKEN?: string }>,
  isNeeded: boolean,
): string[] {
  const credentials = given.split(",").map((one) => one.trim());
  const named = credentials.filter((one) => one !== "");
  if (named.some((one) => one.length < CREDENTIAL_LENGTH_MIN || !/^[\x21-\x7e]+$/.test(one)))
    throw new ConfigError(
      `configuration: AUTH_GRPC_TOKEN has ${CREDENTIAL_LENGTH_MIN} printable characters or more, without blanks`,
    );
  if (isNeeded && named.length === 0)
    throw new ConfigError(
      "configuration: set AUTH_GRPC_TOKEN, the same for auth and the services that call it: outside development auth's gRPC needs a credential",
    );
  return named;
}

/** Sends a credential with every call. */
export const sendCredential =
  (credential: string): Interceptor =>
  (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.set(HEADER, SCHEME + credential);
        next(metadata, listener);
      },
    });

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Makes the check whether a call brings one of the credentials. It takes the same time for any wrong one. */
export function createCredentialCheck(credentials: readonly string[]): (metadata: Metadata) => boolean {
  const known = credentials.map((one) => digest(SCHEME + one));
  return (metadata) => {
    const given = digest(String(metadata.get(HEADER)[0] ?? ""));
    return known.filter((one) => timingSafeEqual(one, given)).length > 0;
  };
}
