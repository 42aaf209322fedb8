import { type Client, credentials, status } from "@grpc/grpc-js";
import { connectAuth } from "@parley/identity/auth-client";
import type { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, callsOf, refusalOf, startAuthFixture } from "./auth-fixture.ts";
import { readAuthConfig } from "./config.ts";
import { readCallers } from "./grpc-callers.ts";
import { REGISTRATIONS_MAX } from "./limits.ts";

const [OLD, NEW, WRONG] = ["o", "n", "w"].map((letter) => letter.repeat(32)) as [string, string, string];
const clients: Client[] = [];
let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture({ AUTH_GRPC_TOKEN: `${NEW}, ${OLD}` });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await auth?.close();
});

function connect(credential?: string): AuthServiceClient {
  const client = connectAuth(`127.0.0.1:${auth.grpcPort}`, credentials.createInsecure(), credential);
  clients.push(client);
  return client;
}

/** The status of a call with an empty message. */
const statusOf = (client: Client, path: string) =>
  new Promise<string>((resolve) => {
    const asIs = (value: Buffer) => value;
    const options = { deadline: Date.now() + 5_000 };
    client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), options, (error) =>
      resolve(status[error?.code ?? status.OK] as string),
    );
  });

it.each([
  ["no credential", undefined, "UNAUTHENTICATED"],
  ["a wrong one", WRONG, "UNAUTHENTICATED"],
  ["the new one", NEW, "OK"],
  ["the old one during a rotation", OLD, "OK"],
])("C: gRPC with %s answers %s", async (_what, credential, expected) => {
  const client = connect(credential);
  expect(await statusOf(client, "/parley.auth.v1.AuthService/GetJwks")).toBe(expected);
  expect(await statusOf(client, "/grpc.health.v1.Health/Check")).toBe("OK");
  const reflection = await statusOf(client, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  expect(reflection === "UNAUTHENTICATED").toBe(expected === "UNAUTHENTICATED");
});

it("C: an address of a client is believed only from a caller with the credential", async () => {
  const open = await startAuthFixture();
  const registerFrom = async (calls: ReturnType<typeof callsOf>) => {
    const account = { username: "taken", password: "correct horse battery", displayName: "" };
    const register = (i: number) => refusalOf(calls.register({ ...account, clientAddress: `10.0.0.${i}` }));
    for (let i = 0; i < REGISTRATIONS_MAX; i += 1) await register(i);
    return (await register(REGISTRATIONS_MAX)).status;
  };
  try {
    const service = callsOf(connect(NEW));
    for (const calls of [service, open.calls]) await calls.enroll("taken", "correct horse battery");
    expect(await registerFrom(service)).toBe(status.ALREADY_EXISTS);
    expect(await registerFrom(open.calls)).toBe(status.RESOURCE_EXHAUSTED);
  } finally {
    await open.close();
  }
});

it.each([
  ["in production without a credential", { NODE_ENV: "production" }],
  ["on another address than loopback without one", { AUTH_GRPC_HOST: "0.0.0.0" }],
  ["with a short one", { AUTH_GRPC_TOKEN: "x".repeat(31) }],
  ["with a short one beside a good one", { AUTH_GRPC_TOKEN: `${NEW},x` }],
  ["with one that no header can hold", { AUTH_GRPC_TOKEN: "é".repeat(32) }],
])("C: the settings are refused %s", (_what, env) => {
  expect(() => readCallers(readAuthConfig(env))).toThrow(/^configuration: .*AUTH_GRPC_TOKEN/);
});

it("needs no credential on loopback in development, nor with mTLS", () => {
  const tls = { AUTH_TLS_CERT: "c", AUTH_TLS_KEY: "k", AUTH_TLS_CA: "a" };
  for (const env of [{}, { AUTH_GRPC_HOST: "::1" }, { NODE_ENV: "production", ...tls }])
    expect(readCallers(readAuthConfig(env)).interceptor).toBeUndefined();
});
