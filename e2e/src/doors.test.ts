import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findFreePort } from "@parley/devstack/ports";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { makeAuthority, makeCertificate } from "@parley/devstack/test-certificates";
import { expect, it } from "vitest";
import { ask, authClient } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const WITHOUT_LIMITS = "RATE_LIMITS=off is refused when NODE_ENV=production";

it.each([
  ["auth", { RATE_LIMITS: "off" }, WITHOUT_LIMITS],
  ["ws-producer", { RATE_LIMITS: "off" }, WITHOUT_LIMITS],
  ["ws-consumer", { RATE_LIMITS: "off" }, WITHOUT_LIMITS],
  ["auth", {}, "set AUTH_GRPC_TOKEN"],
  ["ws-consumer", {}, "set AUTH_GRPC_TOKEN"],
])(
  "C: %s does not start in production with the settings %j, and says why",
  async (service, settings, why) => {
    const env = { ...process.env, NODE_ENV: "production", ...settings };
    const main = join(REPOSITORY, "services", service, "src/main.ts");
    const { code, stdout } = await runCommand(process.execPath, [main], { env });
    expect(code).toBe(2);
    expect(stdout).toContain(why);
  },
);

it("works with mTLS between the services and auth, which nobody without a certificate can reach", async () => {
  const folder = await makeTempDir("mtls");
  const authority = makeAuthority(folder, "authority");
  const [server, client] = await Promise.all(
    ["auth", "client"].map((name) => makeCertificate(folder, name, authority)),
  );
  const tls = (own = client) => ({
    AUTH_TLS_CA: authority.cert,
    AUTH_TLS_CERT: own?.cert,
    AUTH_TLS_KEY: own?.key,
  });
  await using parley = await Parley.start({
    serviceEnv: { auth: tls(server), "ws-producer": tls(), "ws-consumer": tls() },
  });
  const alice = await parley.person("alice");
  await ask(parley, alice, { room: "general", body: "over mTLS" }, "ack");
  const stranger = authClient(parley);
  const refused = await new Promise((resolve) => stranger.getJwks({}, (error) => resolve(error?.code)));
  expect(refused).toBe(14);
  stranger.close();
});

it("takes no token from the URL and no foreign page in production", async () => {
  const webPort = await findFreePort();
  await using parley = await Parley.start({
    rateLimits: "on",
    ports: { WEB_PORT: webPort },
    serviceEnv: {
      "ws-producer": { NODE_ENV: "production" },
      "ws-consumer": { NODE_ENV: "production", ALLOWED_ORIGINS: "https://chat.example" },
    },
  });
  const alice = await parley.person("alice");
  for (const url of [parley.producerSocket, parley.consumerSocket]) {
    expect(await FrameSocket.statusOf(`${url}?token=${alice.token}`)).toBe(401);
    expect(await FrameSocket.statusOf(url, { authorization: `Bearer ${alice.token}` })).toBe(101);
    const foreign = { authorization: `Bearer ${alice.token}`, origin: "https://evil.example" };
    expect(await FrameSocket.statusOf(url, foreign)).toBe(403);
  }
  const ours = { authorization: `Bearer ${alice.token}`, origin: "https://chat.example" };
  expect(await FrameSocket.statusOf(parley.consumerSocket, ours)).toBe(101);
  const local = { ...ours, origin: `http://localhost:${webPort}` };
  expect(await FrameSocket.statusOf(parley.consumerSocket, local)).toBe(403);
  expect(await FrameSocket.statusOf(parley.producerSocket, local)).toBe(101);
});
