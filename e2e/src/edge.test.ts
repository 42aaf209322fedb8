import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { openAccount } from "@parley/devstack/accounts";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { findFreePort } from "@parley/devstack/ports";
import { runCommand } from "@parley/devstack/run-command";
import { spawnServer } from "@parley/devstack/server-process";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { chromium } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const CADDYFILE = join(REPOSITORY, "deploy/edge/Caddyfile");
const CHROMIUM = "/usr/bin/chromium";
const SOCKETS = 1_000;
/** Sockets that are opened at once. */
const OPENED_AT_ONCE = 100;
/** How long sockets are watched after a reload, ms. */
const WATCHED_MS = 1_000;

const caddy = await findProgram("caddy", { env: process.env, onProgress: console.log });
const folder = await makeTempDir("edge");
const [httpsPort, httpPort, adminPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
const origin = `https://localhost:${httpsPort}`;

const parley = await Parley.start({
  services: SERVICE_NAMES,
  env: { ...process.env, ALLOWED_ORIGINS: origin, API_URL: origin, TRUST_PROXY: "1" },
  serviceEnv: {
    auth: { PUBLIC_PREFIX: "/auth" },
    "ws-producer": { PUBLIC_PREFIX: "/send" },
    "ws-consumer": { PUBLIC_PREFIX: "/listen" },
  },
});
const hostOf = (service: string) => new URL(parley.stack.urls[service] as string).host;
const env = {
  HOME: folder,
  XDG_DATA_HOME: folder,
  XDG_CONFIG_HOME: folder,
  EDGE_HOST: "localhost",
  EDGE_HTTPS_PORT: String(httpsPort),
  EDGE_HTTP_PORT: String(httpPort),
  EDGE_ADMIN: `127.0.0.1:${adminPort}`,
  EDGE_AUTH: hostOf("auth"),
  EDGE_SEND: hostOf("ws-producer"),
  EDGE_LISTEN: hostOf("ws-consumer"),
  EDGE_WEB: hostOf("web"),
};
const edge = await spawnServer({
  command: caddy,
  args: ["run", "--config", CADDYFILE],
  logFile: join(folder, "caddy.log"),
  env,
});
afterAll(async () => {
  await Promise.all([edge.end("SIGKILL"), parley.stop()]);
});
// Its own authority.
await until("Caddy has made its certificate", async () => {
  const file = join(folder, "caddy/pki/authorities/local/root.crt");
  if (!existsSync(file)) return false;
  setDefaultCACertificates([...getCACertificates("default"), await readFile(file, "utf8")]);
  const answer = await fetch(origin).catch(() => undefined);
  return answer?.ok === true;
});

const reload = async (config: string) => {
  const args = ["reload", "--force", "--config", config, "--address", env.EDGE_ADMIN];
  expect(await runCommand(caddy, args, { env })).toMatchObject({ code: 0 });
};

it("a session, by HTTP and wss, and the page are at one TLS origin", async () => {
  const alice = await openAccount(`${origin}/auth`, { username: "alice" });
  using listening = await FrameSocket.listen(
    `${origin.replace("http", "ws")}/listen/ws`,
    alice.token,
    "general",
  );
  using sending = await FrameSocket.open(`${origin.replace("http", "ws")}/send/ws`, alice.token);
  sending.send({ type: "message", room: "general", id: "m1", body: "through the edge" });
  expect(await sending.next("ack", "error")).toMatchObject({ type: "ack", id: "m1" });
  expect(await listening.next("message")).toMatchObject({ body: "through the edge" });

  const page = await fetch(`${origin}/r/general`);
  expect(await page.text()).toContain(origin);
  expect(page.headers.get("content-security-policy")).toContain(`${origin} wss://localhost:${httpsPort}`);
  const plain = await fetch(`http://localhost:${httpPort}/r/general`, { redirect: "manual" });
  expect([plain.status, plain.headers.get("location")]).toEqual([308, "https://localhost/r/general"]);
  // Of the services' documents, addresses have the prefix.
  const document = (await (await fetch(`${origin}/send/docs/json`)).json()) as { servers: { url: string }[] };
  expect(document.servers[0]?.url).toBe("/send");
});

it("in a browser: sign in, read and write", async ({ skip }) => {
  if (!existsSync(CHROMIUM)) skip(`there is no ${CHROMIUM}`);
  const bob = await openAccount(`${origin}/auth`, { username: "bob" });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true, baseURL: origin })).newPage();
    await page.goto("/r/general");
    await page.getByLabel("Username").fill(bob.username);
    await page.getByLabel("Password", { exact: true }).fill(bob.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("through the edge").waitFor();
    using listening = await FrameSocket.listen(parley.consumerSocket, bob.token, "general");
    await page.locator("textarea").fill("from a browser");
    await page.keyboard.press("Enter");
    await listening.find(({ body }) => body === "from a browser");
  } finally {
    await browser.close();
  }
});

it(`a reload closes 0 of ${SOCKETS} sockets, which is what stream_close_delay is for`, async () => {
  const { token } = await parley.person("carol");
  const url = `${origin.replace("http", "ws")}/send/ws`;
  const openAll = async (count: number) => {
    const sockets: FrameSocket[] = [];
    while (sockets.length < count) {
      const length = Math.min(OPENED_AT_ONCE, count - sockets.length);
      sockets.push(...(await Promise.all(Array.from({ length }, () => FrameSocket.open(url, token)))));
    }
    return sockets;
  };
  const closedOf = (sockets: FrameSocket[]) => sockets.filter(({ ws }) => ws.readyState !== ws.OPEN).length;
  const sockets = await openAll(SOCKETS);
  const hasty = join(folder, "Caddyfile");
  await writeFile(hasty, (await readFile(CADDYFILE, "utf8")).replace(/^\s*stream_close_delay .*$/m, ""));
  await reload(hasty);
  const others = await openAll(20);
  await sleep(WATCHED_MS);
  expect([closedOf(sockets), closedOf(others)]).toEqual([0, 0]);
  // The second reload ends what the first one began without the delay, and nothing else.
  await reload(CADDYFILE);
  await until("sockets without the delay are closed", () => closedOf(others) === others.length, 10_000);
  for (const socket of sockets) socket.send({ type: "ping" });
  const answers: Frame[] = await Promise.all(sockets.map((socket) => socket.next("pong")));
  expect([answers.length, closedOf(sockets)]).toEqual([SOCKETS, 0]);
  for (const { ws } of sockets) ws.terminate();
});
