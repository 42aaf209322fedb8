import { fileURLToPath } from "node:url";
import { Server, type ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { AuthServiceService } from "@parley/proto/auth/v1/auth";
import { type Check, checkReadiness } from "@parley/runtime/health";
import type { Log } from "@parley/runtime/log";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { implementRpc } from "./rpc.ts";
import type { UseCases } from "./use-cases.ts";

/** Largest message that is read, bytes: the longest request is a few kilobytes. */
const RECEIVE_BYTES_MAX = 65_536;
const KEEPALIVE_EVERY_MS = 30_000;
const KEEPALIVE_DEADLINE_MS = 10_000;
const HEALTH_EVERY_MS = 2_000;
/** How long open calls may take to end when the service closes, ms. */
const DRAIN_DEADLINE_MS = 5_000;
const SERVICE = "parley.auth.v1.AuthService";

/** The gRPC face, listening. */
interface GrpcFace {
  /** The port, chosen by the system if 0 was asked for. */
  port: number;
  /** Says NOT_SERVING, lets open calls end, and ends those that do not. */
  close(): Promise<void>;
}

/** Health that follows what the service needs. */
function addHealth(server: Server, checks: Readonly<Record<string, Check>>): () => void {
  const health = new HealthImplementation({ "": "SERVING", [SERVICE]: "SERVING" });
  let closed = false;
  const say = (isServing: boolean) => {
    const status = isServing && !closed ? "SERVING" : "NOT_SERVING";
    for (const name of ["", SERVICE]) health.setStatus(name, status);
  };
  const timer = setInterval(
    () => void checkReadiness(checks).then(({ ready }) => say(ready)),
    HEALTH_EVERY_MS,
  ).unref();
  health.addToServer(server);
  return () => {
    clearInterval(timer);
    closed = true;
    say(false);
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
  listening: Readonly<{ host: string; port: number; credentials: ServerCredentials }>,
  log: Log,
): Promise<GrpcFace> {
  const server = new Server({
    "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
    "grpc.keepalive_time_ms": KEEPALIVE_EVERY_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_DEADLINE_MS,
    "grpc.enable_channelz": 0,
  });
  server.addService(AuthServiceService, implementRpc(cases, log) as UntypedServiceImplementation);
  const stopHealth = addHealth(server, checks);
  const proto = fileURLToPath(import.meta.resolve("@parley/proto/auth.proto"));
  new ReflectionService(loadSync([proto, healthProto], { keepCase: true })).addToServer(server);
  const bound = await new Promise<number>((resolve, reject) => {
    const { host, port, credentials } = listening;
    server.bindAsync(`${host.includes(":") ? `[${host}]` : host}:${port}`, credentials, (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  return {
    port: bound,
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
