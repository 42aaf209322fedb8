import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "@parley/devstack/find-program";
import { findFreePort } from "@parley/devstack/ports";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { timedProgress } from "@parley/devstack/terminal";
import { missingAt, Unit } from "@parley/devstack/unit";

const { env } = process;
const HOST = "127.0.0.1";
/** Of whoever has it everything is taken: nothing but this machine reaches the server. */
const TOKEN = "dry-run";

/** An API server of Kubernetes, and nothing that would run a pod. */
export type ApiServer = Readonly<{
  /** Runs kubectl against it. @returns what it printed; `code` is 0 if it was well */
  kubectl: (args: readonly string[]) => ReturnType<typeof runCommand>;
  folder: string;
  stop: () => Promise<void>;
}>;

async function startEtcd(folder: string): Promise<readonly [url: string, etcd: Unit]> {
  const command = await findProgram("etcd", { env, onProgress: timedProgress() });
  const [client, peer] = [await findFreePort(), await findFreePort()].map((port) => `http://${HOST}:${port}`);
  const logFile = join(folder, "etcd.log");
  const args = [`--data-dir=${join(folder, "etcd")}`, `--listen-client-urls=${client}`];
  args.push(`--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`);
  const etcd = new Unit({
    name: "etcd",
    logFile,
    command: async () => ({ command, args, logFile }),
    missing: () => missingAt(`${client}/health`),
  });
  await etcd.startReady();
  return [client as string, etcd];
}

/** What kubectl needs to know. */
const kubeconfig = (port: number) => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    { name: "it", cluster: { server: `https://${HOST}:${port}`, "insecure-skip-tls-verify": true } },
  ],
  users: [{ name: "it", user: { token: TOKEN } }],
  contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
  "current-context": "it",
});

/**
 * Starts an API server, and etcd for it. The server is built by Go if there is none, which takes many minutes once.
 *
 * @throws {DevstackError} PROGRAM_MISSING, NOT_READY
 */
export async function startApiServer(): Promise<ApiServer> {
  const onProgress = timedProgress();
  const kubectlPath = await findProgram("kubectl", { env, onProgress });
  const command = await findProgram("kube-apiserver", { env, onProgress });
  const folder = await makeTempDir("kubernetes");
  await mkdir(join(folder, "certificates"));
  const port = await findFreePort();
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const [key, tokens, config] = ["key.pem", "tokens.csv", "kubeconfig"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(tokens, `${TOKEN},admin,1,"system:masters"\n`, { mode: 0o600 });
  await writeFile(config, JSON.stringify(kubeconfig(port)));
  const kubectl = (args: readonly string[]) =>
    runCommand(kubectlPath, [`--kubeconfig=${config}`, `--cache-dir=${folder}/kubectl`, ...args]);
  const [etcdUrl, etcd] = await startEtcd(folder);
  const logFile = join(folder, "kube-apiserver.log");
  const args = [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${HOST}`,
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-account-issuer=https://parley.test",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--authorization-mode=AlwaysAllow",
    `--token-auth-file=${tokens}`,
    // No controller makes accounts here.
    "--disable-admission-plugins=ServiceAccount",
  ];
  const server = new Unit({
    name: "kube-apiserver",
    logFile,
    command: async () => ({ command, args, logFile }),
    async missing() {
      const { code, stderr } = await kubectl(["get", "--raw", "/readyz"]);
      return code === 0 ? undefined : stderr;
    },
  });
  const stop = async () => {
    await server.stop();
    await etcd.stop();
  };
  await server.startReady().catch(async (error) => {
    await stop();
    throw error;
  });
  return { kubectl, folder, stop };
}
