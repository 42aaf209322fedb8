import { isIP } from "node:net";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { createCredentialCheck, readCredentials } from "@parley/identity/service-credential";
import type { AuthConfig } from "./config.ts";

/** Health is for probes, which have no credential. */
const OPEN_PATHS = "/grpc.health.v1.Health/";

/** Who may call gRPC. */
export type GrpcCallers = Readonly<{
  /** Refuses calls without a credential; undefined if none is needed. */
  interceptor: ServerInterceptor | undefined;
  /** Whether a call comes from a service, whose word about addresses of clients is believed. */
  isService: (metadata: Metadata) => boolean;
}>;

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * Reads who may call gRPC: whoever has a credential of `AUTH_GRPC_TOKEN`. With `AUTH_TLS_CA` and no credential, TLS lets
 * services in only; in development on loopback anybody may call (docs/decisions/0043).
 *
 * @throws {ConfigError} if a credential is needed and there is none, or one is too short.
 */
export function readCallers(config: AuthConfig): GrpcCallers {
  const isExposed = config.NODE_ENV === "production" || !isLoopback(config.AUTH_GRPC_HOST);
  const credentials = readCredentials(config, isExposed && config.AUTH_TLS_CA === undefined);
  const hasCredential = createCredentialCheck(credentials);
  if (credentials.length > 0) return { interceptor: refuseOthers(hasCredential), isService: hasCredential };
  return { interceptor: undefined, isService: () => config.AUTH_TLS_CA !== undefined };
}

function refuseOthers(hasCredential: (metadata: Metadata) => boolean): ServerInterceptor {
  return (method, call) => {
    if (method.path.startsWith(OPEN_PATHS)) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, next) => {
      if (hasCredential(metadata)) return next(metadata);
      call.sendStatus({
        code: status.UNAUTHENTICATED,
        details: "send the metadata authorization: Bearer <AUTH_GRPC_TOKEN>",
      });
    });
    return new ServerInterceptingCall(call, { start: (next) => next(listener.build()) });
  };
}
