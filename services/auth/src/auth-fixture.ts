import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { createTestDatabase } from "@parley/devstack/test-database";
import type {} from "@parley/devstack/vitest-setup";
import { sendCredential } from "@parley/identity/service-credential";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { createLog } from "@parley/runtime/log";
import { readAuthConfig } from "./config.ts";
import { startAuth } from "./start-auth.ts";

/** A real auth service for tests, on a database and ports of its own, with a gRPC client. */
export type AuthFixture = Readonly<{
  client: AuthServiceClient;
  calls: ReturnType<typeof callsOf>;
  /** The origin of the HTTP API, without a slash at the end. */
  url: string;
  /** The origin of the routes for operators. */
  operatorsUrl: string;
  grpcPort: number;
  databaseUrl: string;
  /** Lines of the log from LOG_LEVEL up. */
  logged: readonly string[];
  /** Starts another instance on the same database. */
  another: (env?: Record<string, string>) => Promise<AuthFixture>;
  close: () => Promise<void>;
}>;

/** Starts auth in the process of the test. Without `database` it creates one, which `close` drops. */
export async function startAuthFixture(
  env: Record<string, string> = {},
  database?: Readonly<{ url: string; drop: () => Promise<void> }>,
): Promise<AuthFixture> {
  const used = database ?? (await createTestDatabase());
  const closers: (() => Promise<void> | void)[] = [];
  const config = readAuthConfig({
    NODE_ENV: "test",
    DATABASE_URL: used.url,
    AUTH_GRPC_PORT: "0",
    AUTH_HTTP_PORT: "0",
    AUTH_METRICS_PORT: "0",
    // Nobody listens there; a test that needs NATS sets it in `env`.
    NATS_URL: "nats://127.0.0.1:1",
    ...env,
  });
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const log = createLog("auth", env.LOG_LEVEL ?? "silent", destination);
  const ports = await startAuth(config, { log, onClose: (closer) => closers.push(closer) });
  const { grpcPort, httpPort, metricsPort } = ports;
  const credential = env.AUTH_GRPC_TOKEN?.split(",")[0];
  const client = new AuthServiceClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), {
    interceptors: credential === undefined ? [] : [sendCredential(credential)],
  });
  return {
    client,
    calls: callsOf(client),
    url: `http://127.0.0.1:${httpPort}`,
    operatorsUrl: `http://127.0.0.1:${metricsPort}`,
    grpcPort,
    databaseUrl: used.url,
    logged,
    another: (more = {}) =>
      startAuthFixture({ ...env, ...more }, { url: used.url, drop: async () => undefined }),
    async close() {
      client.close();
      for (const closer of closers.reverse()) await closer();
      await used.drop();
    },
  };
}

type UnaryCall<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** Makes a call with a deadline of 15 s. */
export function call<Request, Response>(
  client: AuthServiceClient,
  method: UnaryCall<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + 15_000 };
    method.call(client, request, new Metadata(), options, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/** The status and trailers of a refused call. @throws {Error} if the call was accepted. */
export async function refusalOf(refused: Promise<unknown>) {
  const error = await refused.then(
    () => {
      throw new Error("the call was accepted");
    },
    (reason: ServiceError) => reason,
  );
  const trailer = (name: string) => error.metadata?.get(name)[0];
  return { status: error.code, code: trailer("code"), path: trailer("path"), message: error.details };
}

/** The methods of a client as functions that return promises. */
export function callsOf(client: AuthServiceClient) {
  const bind =
    <Request, Response>(method: UnaryCall<Request, Response>) =>
    (request: Request) =>
      call(client, method, request);
  const calls = {
    register: bind(client.register),
    login: bind(client.login),
    refresh: bind(client.refresh),
    logout: bind(client.logout),
    verifyToken: bind(client.verifyToken),
    verifyTokens: bind(client.verifyTokens),
    updateProfile: bind(client.updateProfile),
    changePassword: bind(client.changePassword),
    listSessions: bind(client.listSessions),
    revokeSession: bind(client.revokeSession),
    listRevocations: bind(client.listRevocations),
    getUsers: bind(client.getUsers),
    getJwks: bind(client.getJwks),
  };
  return {
    ...calls,
    /** Registers a user with this password. */
    enroll: (username: string, password: string) =>
      calls.register({ username, password, displayName: "", clientAddress: "" }),
    /** Opens a session with this password. */
    enter: (username: string, password: string, device = "test") =>
      calls.login({ username, password, device, clientAddress: "" }),
  };
}
