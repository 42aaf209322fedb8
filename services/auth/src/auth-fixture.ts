import { credentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { createTestDatabase } from "@parley/devstack/test-database";
import type {} from "@parley/devstack/vitest-setup";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { createLog } from "@parley/runtime/log";
import { readAuthConfig } from "./config.ts";
import { startAuth } from "./start-auth.ts";

/** A real auth service for tests, on a database and ports of its own, with a gRPC client. */
export type AuthFixture = Readonly<{
  client: AuthServiceClient;
  /** Where the HTTP face is, without a slash at the end. */
  url: string;
  grpcPort: number;
  databaseUrl: string;
  /** Another instance on the same database. */
  another: (env?: Record<string, string>) => Promise<AuthFixture>;
  close: () => Promise<void>;
}>;

/** Starts an auth service inside the test's process. Without a database it makes one. */
export async function startAuthFixture(
  env: Record<string, string> = {},
  database?: Readonly<{ url: string; drop: () => Promise<void> }>,
): Promise<AuthFixture> {
  const used = database ?? (await createTestDatabase());
  const closers: (() => Promise<void> | void)[] = [];
  const config = readAuthConfig({
    DATABASE_URL: used.url,
    AUTH_GRPC_PORT: "0",
    AUTH_HTTP_PORT: "0",
    ...env,
  });
  const log = createLog("auth", env.LOG_LEVEL ?? "silent");
  const { grpcPort, httpPort } = await startAuth(config, { log, onClose: (closer) => closers.push(closer) });
  const client = new AuthServiceClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  return {
    client,
    url: `http://127.0.0.1:${httpPort}`,
    grpcPort,
    databaseUrl: used.url,
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

/** One call with a deadline of 15 s, as a promise. */
export function call<Request, Response>(
  client: AuthServiceClient,
  method: UnaryCall<Request, Response>,
  request: Request,
  metadata: Metadata,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method.call(client, request, metadata, { deadline: Date.now() + 15_000 }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}
