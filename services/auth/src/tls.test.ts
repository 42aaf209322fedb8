import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelCredentials, credentials, status } from "@grpc/grpc-js";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callsOf, refusalOf, startAuthFixture } from "./auth-fixture.ts";
import { readAuthConfig } from "./config.ts";

let dir: string;
const file = (name: string) => join(dir, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });

function makeAuthority(name: string): void {
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ed25519",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.pem`,
  );
}

function makeCertificate(name: string, authority: string): void {
  openssl(
    "req",
    "-newkey",
    "ed25519",
    "-nodes",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
  );
  writeFileSync(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  openssl(
    "x509",
    "-req",
    "-days",
    "2",
    "-in",
    `${name}.csr`,
    "-CA",
    `${authority}.pem`,
    "-CAkey",
    `${authority}.key`,
    "-CAcreateserial",
    "-extfile",
    "names",
    "-out",
    `${name}.pem`,
  );
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "parley-tls-"));
  makeAuthority("authority");
  makeAuthority("stranger");
  makeCertificate("server", "authority");
  makeCertificate("client", "authority");
  makeCertificate("intruder", "stranger");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const read = (name: string) => readFileSync(file(name));
const tls = (ca: string, name?: string): ChannelCredentials =>
  name === undefined
    ? credentials.createSsl(read(`${ca}.pem`))
    : credentials.createSsl(read(`${ca}.pem`), read(`${name}.key`), read(`${name}.pem`));

/** The algorithm of the first key in the answer of GetJwks, or the status of its refusal. */
async function ask(port: number, channel: ChannelCredentials): Promise<string | number> {
  const client = new AuthServiceClient(`localhost:${port}`, channel);
  try {
    const { jwksJson } = await callsOf(client).getJwks({});
    return JSON.parse(jwksJson).keys[0].alg;
  } catch (error) {
    return (error as { code: number }).code;
  } finally {
    client.close();
  }
}

describe("the gRPC server", () => {
  it("with a certificate, uses TLS and refuses plaintext; clients that do not trust it refuse", async () => {
    const auth = await startAuthFixture({
      AUTH_TLS_CERT: file("server.pem"),
      AUTH_TLS_KEY: file("server.key"),
    });
    try {
      expect(await ask(auth.grpcPort, tls("authority"))).toBe("RS256");
      expect(await ask(auth.grpcPort, tls("stranger"))).toBe(status.UNAVAILABLE);
      expect((await refusalOf(auth.calls.getJwks({}))).status).toBe(status.UNAVAILABLE);
    } finally {
      await auth.close();
    }
  });

  it("with a CA, requires a certificate of that CA from each client", async () => {
    const auth = await startAuthFixture({
      AUTH_TLS_CERT: file("server.pem"),
      AUTH_TLS_KEY: file("server.key"),
      AUTH_TLS_CA: file("authority.pem"),
    });
    try {
      expect(await ask(auth.grpcPort, tls("authority", "client"))).toBe("RS256");
      expect(await ask(auth.grpcPort, tls("authority"))).toBe(status.UNAVAILABLE);
      expect(await ask(auth.grpcPort, tls("authority", "intruder"))).toBe(status.UNAVAILABLE);
    } finally {
      await auth.close();
    }
  });
});

it.each([
  [{ AUTH_TLS_CERT: "cert.pem" }, "AUTH_TLS_CERT"],
  [{ AUTH_TLS_CA: "ca.pem" }, "AUTH_TLS_CA"],
  [{ RATE_LIMITS: "off", NODE_ENV: "production" }, "RATE_LIMITS"],
  [{ AUTH_HTTP_PORT: "80800" }, "AUTH_HTTP_PORT"],
])("refuses the settings %j, naming %s", (env, name) => {
  expect(() => readAuthConfig(env)).toThrow(name);
});
