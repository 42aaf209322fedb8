import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { makeAuthority, makeCertificate } from "@parley/devstack/test-certificates";
import { expect, test } from "vitest";
import { certificateEnd } from "../../deploy/image/canary-certificate.ts";

test("the canary sees when a certificate ends, whoever vouches for it", async () => {
  const folder = await makeTempDir("canary-certificate");
  const { cert, key } = await makeCertificate(folder, "edge", makeAuthority(folder, "authority"));
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  for (const host of ["127.0.0.1", "localhost"]) {
    const days = (Number(await certificateEnd(`https://${host}:${port}/send`)) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(1.9);
    expect(days).toBeLessThanOrEqual(2);
  }
  server.close();
  await expect(certificateEnd(`https://127.0.0.1:${port}`)).rejects.toThrow("ECONNREFUSED");
  expect(await certificateEnd("http://127.0.0.1:8081")).toBe(Infinity);
});
