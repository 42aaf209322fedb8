import { fileURLToPath } from "node:url";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { type AuthServiceServer, AuthServiceService } from "@parley/proto/auth/v1/auth";
import { askReadiness, type Check } from "@parley/runtime/health";
import type { Log } from "@parley/runtime/log";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { AuthError, toServiceError } from "./auth-error.ts";
import type { UseCases } from "./use-cases.ts";

/** Largest message that is read, bytes: the longest request is a few kilobytes. */
const RECEIVE_BYTES_MAX = 65_536;
const METADATA_BYTES_MAX = 16_384;
const KEEPALIVE_EVERY_MS = 30_000;
const KEEPALIVE_DEADLINE_MS = 10_000;
/** Clients may ping so often without being sent away, ms. */
const CLIENT_PING_PAUSE_MS = 5_000;
const HEALTH_EVERY_MS = 2_000;
/** How long open calls may take to end when the service closes, ms. */
const DRAIN_DEADLINE_MS = 5_000;
const SERVICE = "parley.auth.v1.AuthService";

/** The gRPC face, listening. */
export interface GrpcFace {
  /** The port, chosen by the system if 0 was asked for. */
  port: number;
  /** Says NOT_SERVING, lets open calls end, and ends those that do not. */
  close(): Promise<void>;
}

/** The host part of a gRPC peer such as `127.0.0.1:4711` or `[::1]:4711`. */
function hostOf(peer: string): string {
  return peer.replace(/^(ipv[46]:)/, "").replace(/:\d+$/, "");
}

function unary<Request, Response>(
  log: Log,
  answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    answer(call.request, call).then(
      (response) => callback(null, response),
      (err: unknown) => {
        if (!(err instanceof AuthError)) log.error({ err, call: call.getPath() }, "call failed");
        callback(toServiceError(err));
      },
    );
  };
}

/** The calls of `parley.auth.v1.AuthService`. */
function implement(cases: UseCases, log: Log): AuthServiceServer {
  return {
    register: unary(log, async (request, call) => ({
      user: await cases.register({ ...request, address: request.clientAddress || hostOf(call.getPeer()) }),
    })),
    login: unary(log, async (request, call) => ({
      ...(await cases.login({ ...request, address: request.clientAddress || hostOf(call.getPeer()) })),
      refreshToken: "",
    })),
    verifyToken: unary(log, async ({ token }) => await cases.verifyToken(token)),
    getUsers: unary(log, async ({ ids }) => ({ users: await cases.getUsers(ids) })),
    getJwks: unary(log, async () => ({ jwksJson: JSON.stringify(cases.getJwks()) })),
  };
}

/** Health that follows what the service needs. */
function addHealth(server: Server, checks: Readonly<Record<string, Check>>): () => void {
  const health = new HealthImplementation({ "": "SERVING", [SERVICE]: "SERVING" });
  const say = (status: "SERVING" | "NOT_SERVING") => {
    for (const name of ["", SERVICE]) health.setStatus(name, status);
  };
  const timer = setInterval(
    () => void askReadiness(checks).then(({ ready }) => say(ready ? "SERVING" : "NOT_SERVING")),
    HEALTH_EVERY_MS,
  ).unref();
  health.addToServer(server);
  return () => {
    clearInterval(timer);
    say("NOT_SERVING");
  };
}

/**
 * Opens the gRPC face: the service, grpc.health.v1 and reflection.
 *
 * @throws {Error} if the port is taken.
 */
export async function startGrpc(
  cases: UseCases,
  checks: Readonly<Record<string, Check>>,
  address: Readonly<{ host: string; port: number }>,
  log: Log,
): Promise<GrpcFace> {
  const server = new Server({
    "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
    "grpc.max_metadata_size": METADATA_BYTES_MAX,
    "grpc.keepalive_time_ms": KEEPALIVE_EVERY_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_DEADLINE_MS,
    "grpc.http2.min_ping_interval_without_data_ms": CLIENT_PING_PAUSE_MS,
  } as object);
  server.addService(AuthServiceService, implement(cases, log) as UntypedServiceImplementation);
  const stopHealth = addHealth(server, checks);
  const proto = fileURLToPath(import.meta.resolve("@parley/proto/auth.proto"));
  new ReflectionService(loadSync([proto, healthProto], { keepCase: true })).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address.host}:${address.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    async close() {
      stopHealth();
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
