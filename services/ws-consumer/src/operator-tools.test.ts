import { join } from "node:path";
import { makeLogins } from "@parley/devstack/logins";
import { startNats } from "@parley/devstack/nats-server";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { afterAll, expect, test } from "vitest";

const { nats: passwords } = makeLogins();
const nats = await startNats({ dataDir: await makeTempDir("nats"), passwords });
afterAll(() => nats.stop());

const env = {
  ...process.env,
  NATS_URL: nats.url,
  NATS_USER: "operator",
  NATS_PASSWORD: passwords.operator,
  DATABASE_URL: "postgres://me:secret@127.0.0.1:1/parley",
};
const tool = (name: string, more = {}) =>
  runCommand(process.execPath, [join(import.meta.dirname, `${name}-main.ts`)], { env: { ...env, ...more } });

test("nats-info has the half of NATS while Postgres is away, and says what is missing", async () => {
  const { code, stdout, stderr } = await tool("nats-info");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^nats-server \d/);
  expect(stderr).toMatch(/^make nats-info: cursors and writers cannot be read \(.*ECONNREFUSED.*\)\n$/);
});

test("a tool says one sentence of a NATS that refuses it or hangs", async () => {
  const refused = await tool("log-tail", { NATS_PASSWORD: "wrong" });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^make log-tail: NATS at \S+ cannot be used: .*authorization.*\n$/i);
  await nats.kill("SIGSTOP");
  const hung = await Promise.all([tool("log-tail"), tool("nats-info")]);
  await nats.kill("SIGCONT");
  for (const { code, stderr } of hung)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^make .*cannot be used: no answer in 5 s.*\n$/),
    ]);
});
