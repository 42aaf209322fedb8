import { readFileSync } from "node:fs";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { type Certificate, makeAuthority, makeCertificate } from "@parley/devstack/test-certificates";
import { type AuthServiceClient, AuthServiceService } from "@parley/proto/auth/v1/auth";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { authCredentials, connectAuth } from "./auth-client.ts";

const DEADLINE_MS = 5_000;

let folder: string;
let authority: Certificate;
let stranger: Certificate;
let own: Certificate;
let strange: Certificate;
const calls: string[] = [];
/** Statuses of the next calls; calls after them succeed. */
const failures: status[] = [];
const servers: Server[] = [];
let answerLength = 10;

beforeAll(async () => {
  folder = await makeTempDir("auth-client");
  [authority, stranger] = [makeAuthority(folder, "authority"), makeAuthority(folder, "stranger")];
  own = await makeCertificate(folder, "own", authority);
  strange = await makeCertificate(folder, "strange", stranger);
});
beforeEach(() => {
  calls.length = 0;
  failures.length = 0;
  answerLength = 10;
});
afterAll(async () => {
  for (const server of servers) server.forceShutdown();
  await removeDataDir(folder);
});

/** A gRPC server in place of auth: fails with `failures` and records `calls`. */
async function serve(channel: ServerCredentials): Promise<string> {
  const server = new Server();
  const methods = Object.keys(AuthServiceService).map((name) => [
    name,
    (_call: unknown, callback: (error: object | null, answer?: object) => void) => {
      calls.push(name);
      const code = failures.shift();
      if (code !== undefined) callback({ code, details: "told to fail" });
      else callback(null, { jwksJson: "x".repeat(answerLength) });
    },
  ]);
  server.addService(AuthServiceService, Object.fromEntries(methods) as UntypedServiceImplementation);
  servers.push(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", channel, (error, at) => (error ? reject(error) : resolve(at))),
  );
  return `localhost:${port}`;
}

type Method = (
  request: never,
  metadata: Metadata,
  options: object,
  callback: (error: ServiceError | null) => void,
) => unknown;

/** The status of one call. */
function ask(client: AuthServiceClient, name: "getJwks" | "verifyToken" | "login"): Promise<status> {
  const method = client[name] as unknown as Method;
  const options = { deadline: Date.now() + DEADLINE_MS };
  return new Promise((resolve) =>
    method.call(client, {} as never, new Metadata(), options, (error) => resolve(error?.code ?? 0)),
  );
}

const plain = () => serve(ServerCredentials.createInsecure());
const secured = (asksForCertificates: boolean) =>
  serve(
    ServerCredentials.createSsl(
      asksForCertificates ? readFileSync(authority.cert) : null,
      [{ cert_chain: readFileSync(own.cert), private_key: readFileSync(own.key) }],
      asksForCertificates,
    ),
  );

it("retries calls that change nothing when the connection breaks, and no others", async () => {
  const client = connectAuth(await plain());
  failures.push(status.UNAVAILABLE, status.UNAVAILABLE);
  expect(await ask(client, "verifyToken")).toBe(status.OK);
  expect(calls).toEqual(["verifyToken", "verifyToken", "verifyToken"]);
  calls.length = 0;
  failures.push(status.UNAVAILABLE);
  expect(await ask(client, "login")).toBe(status.UNAVAILABLE);
  expect(calls).toEqual(["login"]);
  calls.length = 0;
  failures.push(status.UNAUTHENTICATED);
  expect(await ask(client, "verifyToken")).toBe(status.UNAUTHENTICATED);
  expect(calls).toEqual(["verifyToken"]);
  client.close();
});

it("stops retrying while most calls fail", async () => {
  const client = connectAuth(await plain());
  failures.push(...Array.from({ length: 200 }, () => status.UNAVAILABLE));
  for (let i = 0; i < 40; i += 1) await ask(client, "getJwks");
  expect(calls.length).toBeLessThan(60);
  client.close();
});

it("rejects a response above the size limit", async () => {
  const client = connectAuth(await plain());
  answerLength = 500_000;
  expect(await ask(client, "getJwks")).toBe(status.RESOURCE_EXHAUSTED);
  client.close();
});

it.each([
  ["its authority", () => ({ AUTH_TLS_CA: authority.cert }), false, status.OK],
  ["another authority", () => ({ AUTH_TLS_CA: stranger.cert }), false, status.UNAVAILABLE],
  ["no TLS", () => ({}), false, status.UNAVAILABLE],
  ["a certificate", () => withOwn(own), true, status.OK],
  ["no certificate", () => ({ AUTH_TLS_CA: authority.cert }), true, status.UNAVAILABLE],
  ["a strange certificate", () => withOwn(strange), true, status.UNAVAILABLE],
])("connects over TLS with %s", async (_what, config, asksForCertificates, expected) => {
  const client = connectAuth(await secured(asksForCertificates), authCredentials(config()));
  expect(await ask(client, "getJwks")).toBe(expected);
  expect(calls).toHaveLength(expected === status.OK ? 1 : 0);
  client.close();
});

const withOwn = ({ cert, key }: Certificate) => ({
  AUTH_TLS_CA: authority.cert,
  AUTH_TLS_CERT: cert,
  AUTH_TLS_KEY: key,
});

it("refuses an incomplete TLS configuration", () => {
  expect(() => authCredentials({ AUTH_TLS_CERT: "cert.pem" })).toThrow("AUTH_TLS_KEY");
  expect(() => authCredentials({ AUTH_TLS_CERT: "cert.pem", AUTH_TLS_KEY: "key.pem" })).toThrow(
    "AUTH_TLS_CA",
  );
});
