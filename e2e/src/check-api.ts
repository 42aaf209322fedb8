/**
 * `make check-api`: public tools judge what the services document: redocly, spectral and schemathesis the OpenAPI documents,
 * spectral the AsyncAPI documents, and buf the reflection of auth's gRPC. The tools are fetched into a temporary folder.
 * ONLY="redocly schemathesis": some of them; EXAMPLES: requests per operation of schemathesis (default 30).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { Parley, type ServiceUrl } from "./parley.ts";

const REDOCLY = "@redocly/cli@2.77.0";
const SPECTRAL = "@stoplight/spectral-cli@6.16.3";
const SCHEMATHESIS = "schemathesis==4.32.5";
/**
 * 413 is `too_large`. What is random is mostly not there, so that 404 for it is no mistake of the document. The links that
 * schemathesis infers put a whole user into a path.
 */
const SCHEMATHESIS_RULES = `
[checks]
positive_data_acceptance.enabled = false
ensure_resource_availability.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
`;
/** Operations after which the token is no longer valid. */
const ENDING = "^(postLogout|postLogoutAll|deleteMe)$";
const SERVICES = ["auth", "ws-producer", "ws-consumer"] as const;
const ASYNC_SERVICES = ["ws-producer", "ws-consumer"] as const;

const only = process.env.ONLY?.split(" ") ?? ["redocly", "spectral", "grpc", "schemathesis"];
const dir = process.env.CHECK_DIR ?? (await makeTempDir("check-api"));
const failed: string[] = [];

/** Runs a program; its output goes to this one's. Resolves with whether it succeeded. */
async function run(command: string, ...args: string[]): Promise<boolean> {
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], cwd: dir, env });
  const [code] = await once(child, "close");
  return code === 0;
}

async function check(name: string, work: () => Promise<boolean>): Promise<void> {
  if (!only.includes(name.split(" ")[0] as string)) return;
  process.stdout.write(`\n== ${name}\n`);
  if (!(await work())) failed.push(name);
}

async function save(url: string, file: string): Promise<string> {
  const answer = await fetch(url);
  await writeFile(join(dir, file), JSON.stringify(await answer.json(), null, 2));
  return file;
}

const BUF = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
/** Codes that say that the call was understood. */
const ANSWERED =
  /"code": ?"(unauthenticated|invalid_argument|not_found|permission_denied|deadline_exceeded)"/;

/** Lists services and methods by reflection, and calls each method with an empty message. */
async function checkGrpc(url: string): Promise<boolean> {
  const buf = (...args: string[]) => runCommand("buf", [...BUF, ...args], { timeoutMs: 30_000 });
  const services = await buf("--list-services", url);
  const { stdout } = await buf("--list-methods", url);
  const methods = stdout.split("\n").filter((line) => /^[\w.]+\/\w+$/.test(line));
  process.stdout.write(services.stdout);
  let isGood = methods.length > 0;
  for (const method of methods) {
    const { code, stderr } = await buf("--timeout=2s", "-d", "{}", `${url}/${method}`);
    const isAnswered = code === 0 || ANSWERED.test(stderr);
    process.stdout.write(`${isAnswered ? "answered" : "FAILED"} ${method} ${isAnswered ? "" : stderr}\n`);
    isGood &&= isAnswered;
  }
  return isGood;
}

// The account that schemathesis uses at auth is an admin.
await using parley = await Parley.start({ env: { ...process.env, ADMIN_USERNAME: "checks-auth" } });
const url = (service: ServiceUrl, path: string) => `${parley.url(service)}/docs/${path}`;
const documents = await Promise.all(SERVICES.map((name) => save(url(name, "json"), `${name}.json`)));
const frames = await Promise.all(
  ASYNC_SERVICES.map((name) => save(url(name, "asyncapi.json"), `${name}-frames.json`)),
);
await writeFile(join(dir, ".spectral.json"), '{ "extends": ["spectral:oas", "spectral:asyncapi"] }');
const npx = (name: string, ...args: string[]) => run("npx", "--yes", name, ...args);
await check("redocly", () => npx(REDOCLY, "lint", "--extends=recommended", ...documents));
await check("spectral", () => npx(SPECTRAL, "lint", "--fail-severity=warn", ...documents, ...frames));
await check("grpc", () => checkGrpc(`http://127.0.0.1:${parley.stack.ports.AUTH_GRPC_PORT}`));
if (only.includes("schemathesis")) {
  await run("python3", "-m", "venv", "venv");
  await run("venv/bin/pip", "install", "--quiet", SCHEMATHESIS);
}
await writeFile(join(dir, "schemathesis.toml"), SCHEMATHESIS_RULES);
for (const service of SERVICES) {
  const person = await parley.person(`checks-${service}`);
  const schemathesis = (...args: string[]) =>
    run(
      "venv/bin/schemathesis",
      "run",
      `${service}.json`,
      `--url=${parley.url(service)}`,
      `--header=Authorization: Bearer ${person.token}`,
      `--max-examples=${process.env.EXAMPLES ?? 30}`,
      ...args,
    );
  await check(`schemathesis ${service}`, () => schemathesis(`--exclude-operation-id-regex=${ENDING}`));
  if (service === "auth")
    await check("schemathesis auth, the end of sessions", () =>
      schemathesis(`--include-operation-id-regex=${ENDING}`),
    );
}
process.stdout.write(failed.length === 0 ? "\nall hold\n" : `\nfailed: ${failed.join(", ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
