import { Server, type ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { AuthServiceService } from "@parley/proto/auth/v1/auth";
import { type Check, checkReadiness } from "@parley/runtime/health";
import type { Log } from "@parley/runtime/log";
import { HealthImplementation } from "grpc-health-check";
import { createAuthService } from "./auth-service.ts";
import type { GrpcCallers } from "./grpc-callers.ts";
import { createReflection } from "./reflection.ts";
import type { UseCases } from "./use-cases.ts";

/** Largest message that is accepted, bytes: 100 tokens of 4,096 characters. */
const RECEIVE_BYTES_MAX = 448 * 1_024;
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_DEADLINE_MS = 10_000;
/** Interval of health checks, ms. */
const HEALTH_MS = 2_000;
/** Longest time that open calls may take to end when the server closes, ms. */
const DRAIN_DEADLINE_MS = 5_000;
const SERVICE = "parley.auth.v1.AuthService";

/** A listening gRPC server. */
interface GrpcServer {
  /** The port; chosen by the system if port 0 was requested. */
  port: number;
  /** Reports NOT_SERVING, waits for open calls, and cancels those that take longer than `DRAIN_DEADLINE_MS`. */
  close(): Promise<void>;
}

/** Adds grpc.health.v1, whose status follows `checks`. Returns a function that reports NOT_SERVING from then on. */
function addHealth(server: Server, checks: Readonly<Record<string, Check>>): () => void {
  const health = new HealthImplementation({ "": "SERVING", [SERVICE]: "SERVING" });
  let isClosed = false;
  const report = (isReady: boolean) => {
    const status = isReady && !isClosed ? "SERVING" : "NOT_SERVING";
    for (const name of ["", SERVICE]) health.setStatus(name, status);
  };
  const timer = setInterval(
    () => void checkReadiness(checks).then(({ ready }) => report(ready)),
    HEALTH_MS,
  ).unref();
  health.addToServer(server);
  return () => {
    clearInterval(timer);
    isClosed = true;
    report(false);
  };
}

/**
 * Starts the gRPC server: the service, grpc.health.v1 and reflection; all but health are for `callers` only.
 *
 * @throws {Error} if the port is taken.
 */
export async function startGrpc(
  cases: UseCases,
  checks: Readonly<Record<string, Check>>,
  listen: Readonly<{ host: string; port: number; credentials: ServerCredentials; callers: GrpcCallers }>,
  log: Log,
): Promise<GrpcServer> {
  const { interceptor, isService } = listen.callers;
  const server = new Server({
    "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_DEADLINE_MS,
    "grpc.enable_channelz": 0,
    interceptors: interceptor ? [interceptor] : [],
  });
  const service = createAuthService(cases, isService, log);
  server.addService(AuthServiceService, service as UntypedServiceImplementation);
  const reportClosed = addHealth(server, checks);
  createReflection().addToServer(server);
  const bound = await new Promise<number>((resolve, reject) => {
    const { host, port, credentials } = listen;
    server.bindAsync(`${host.includes(":") ? `[${host}]` : host}:${port}`, credentials, (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  return {
    port: bound,
    async close() {
      reportClosed();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, DRAIN_DEADLINE_MS);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
