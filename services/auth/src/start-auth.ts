import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { retryUntilReady } from "@parley/runtime/deadline";
import type { Check } from "@parley/runtime/health";
import { readLimits } from "@parley/runtime/limits";
import { Metrics } from "@parley/runtime/metrics";
import { listen } from "@parley/runtime/operators";
import type { ServiceContext } from "@parley/runtime/service";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { allowedOrigins, databaseUrl, natsOptions } from "@parley/runtime/variables";
import { startAnnouncer } from "./announce-revocations.ts";
import { buildApp } from "./app.ts";
import { startCleanup } from "./cleanup.ts";
import { type AuthConfig, tlsFiles } from "./config.ts";
import { openAuthDatabase } from "./database.ts";
import { readCallers } from "./grpc-callers.ts";
import { startGrpc } from "./grpc-server.ts";
import { readServerCredentials } from "./grpc-tls.ts";
import { startHasher } from "./hasher.ts";
import { measureCalls } from "./measure-calls.ts";
import { HASH_PARAMETERS, TEST_HASH_PARAMETERS } from "./password-rules.ts";
import { refreshReuse } from "./refresh.ts";
import { keepAdmin } from "./roles.ts";
import { openSigningKeys } from "./signing-keys.ts";
import { createUseCases } from "./use-cases.ts";

/** The ports that a started auth listens on. */
type Addresses = Readonly<{ grpcPort: number; httpPort: number; metricsPort: number }>;

/**
 * Starts gRPC and HTTP. What it opens is closed through `onClose`.
 *
 * @throws {ConfigError} if gRPC needs a credential and there is none; {Error} if Postgres does not answer for too long, a TLS file cannot be read, or a port is taken.
 */
export async function startAuth(config: AuthConfig, { log, onClose }: ServiceContext): Promise<Addresses> {
  const callers = readCallers(config);
  const credentials = await readServerCredentials(tlsFiles(config));
  const database = openAuthDatabase(databaseUrl(config));
  onClose(() => database.close());
  const keys = await retryUntilReady(
    () => openSigningKeys(database, log),
    (err) => log.warn({ err, part: "postgres" }, "waiting for Postgres"),
  );
  onClose(() => keys.close());
  await keepAdmin(database, config.ADMIN_USERNAME, log);
  const parameters = config.NODE_ENV === "test" ? TEST_HASH_PARAMETERS : HASH_PARAMETERS;
  const hasher = startHasher(log, parameters);
  onClose(() => hasher.close());
  const announcer = startAnnouncer(natsOptions(config), log);
  onClose(() => announcer.close());
  const cleanup = startCleanup(database, log);
  onClose(() => cleanup.close());
  const metrics = new Metrics();
  metrics.gauges({
    parley_argon2_queue: ["passwords that wait to be hashed, or are being hashed", () => hasher.queued()],
  });
  metrics.counters({
    parley_refresh_reuse_total: ["refresh tokens that were used a second time", () => refreshReuse.count],
  });
  const cases = measureCalls(
    createUseCases(config, { database, keys, hasher, announce: announcer.announce, log }),
    metrics,
  );
  // NATS is not a check: without it services learn of revocations by polling, and everything else works.
  const checks: Record<string, Check> = {
    postgres: () => database.query("select 1"),
    passwords: () => hasher.check(),
  };
  const grpcAt = { host: config.AUTH_GRPC_HOST, port: config.AUTH_GRPC_PORT, credentials, callers };
  const grpc = await startGrpc(cases, checks, grpcAt, log);
  onClose(() => grpc.close());
  const settings = {
    allowedOrigins: allowedOrigins(config),
    trustProxy: readTrustProxy(config.TRUST_PROXY),
    limits: readLimits(config),
    publicPrefix: config.PUBLIC_PREFIX,
    registration: config.REGISTRATION,
    secureCookies: config.NODE_ENV === "production",
  };
  const app = await buildApp(cases, checks, { ...settings, metrics }, log);
  onClose(() => app.close());
  await listen(app, {
    host: config.HOST,
    port: config.AUTH_HTTP_PORT,
    metricsHost: config.METRICS_HOST,
    metricsPort: config.AUTH_METRICS_PORT,
  });
  const ports = { grpcPort: grpc.port, httpPort: portOf(app), metricsPort: portOf(app.operators) };
  log.info(ports, "auth is listening");
  return ports;
}

const portOf = ({ server }: { server: Server }) => (server.address() as AddressInfo).port;
