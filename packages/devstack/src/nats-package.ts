import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment, Progress } from "./environment.ts";
import { runCommand } from "./run-command.ts";

type Distribution = Readonly<{ suite: string; components: string; keyring: string }>;

/** The suites that carry a nats-server that is new enough, by the ID in /etc/os-release. */
const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  debian: { suite: "sid", components: "main", keyring: "/usr/share/keyrings/debian-archive-keyring.gpg" },
  ubuntu: {
    suite: "devel",
    components: "main universe",
    keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
  },
};

/**
 * Downloads the distribution's nats-server package by an apt root inside `folder` and unpacks it there, without
 * touching the system. The mirror is the one the machine's own apt sources name, and the signatures are checked
 * with the distribution's keyring. Gives the path of the program.
 *
 * @throws an error that says which step failed and why.
 */
export async function unpackNatsPackage(
  folder: string,
  env: Environment,
  onProgress: Progress,
): Promise<string> {
  const distribution = await readDistribution();
  await access(distribution.keyring).catch(() => {
    throw new Error(`${distribution.keyring} is missing, so the package's signature could not be checked`);
  });
  const mirrors = await readMirrors(folder, env);
  if (mirrors.length === 0) throw new Error("the machine's apt sources name no mirror");
  const failures: string[] = [];
  for (const mirror of mirrors) {
    try {
      return await unpackFrom(folder, mirror, distribution, env, onProgress);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join("; "));
}

async function readDistribution(): Promise<Distribution> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) =>
    (match[1] ?? "").split(" "),
  );
  const distribution = ids.map((id) => DISTRIBUTIONS[id]).find((entry) => entry !== undefined);
  if (distribution === undefined) throw new Error("this machine is neither Debian nor Ubuntu");
  return distribution;
}

/** The mirrors in the machine's apt sources; the ones for security updates come last, they lack whole suites. */
async function readMirrors(folder: string, env: Environment): Promise<string[]> {
  const known = await runCommand("apt-get", ["indextargets", "--format", "$(SITE)"], { env });
  if (known.code === null) throw new Error("there is no apt-get here");
  let sites = known.stdout.split("\n").map((line) => line.trim());
  if (sites.every((site) => site === "")) {
    // Without package lists (as in a fresh container) apt can only say what it would fetch.
    const lists = join(folder, "no-lists");
    await mkdir(join(lists, "partial"), { recursive: true });
    const planned = await runCommand(
      "apt-get",
      ["-o", `Dir::State::lists=${lists}`, "update", "--print-uris"],
      { env },
    );
    sites = [...planned.stdout.matchAll(/^'(.+?)\/dists\//gm)].map((match) => match[1] ?? "");
  }
  const unique = [...new Set(sites.filter((site) => site !== ""))];
  const isSecurity = (site: string) => site.includes("security");
  return [...unique.filter((site) => !isSecurity(site)), ...unique.filter(isSecurity)];
}

async function unpackFrom(
  folder: string,
  mirror: string,
  distribution: Distribution,
  env: Environment,
  onProgress: Progress,
): Promise<string> {
  const root = join(folder, "apt");
  for (const part of ["lists/partial", "cache/archives/partial"])
    await mkdir(join(root, part), { recursive: true });
  const { suite, components, keyring } = distribution;
  await writeFile(
    join(root, "sources.list"),
    `deb [signed-by=${keyring}] ${mirror} ${suite} ${components}\n`,
  );
  await writeFile(join(root, "status"), "");
  const apt = (...args: string[]) =>
    runCommand("apt-get", [...rootOptions(root), ...args], { env, cwd: root, timeoutMs: 300_000 });
  onProgress(`nats-server: reading the package list of ${suite} (about 11 MB)`);
  const update = await apt("update", "--error-on=any");
  if (update.code !== 0) throw new Error(`apt-get update of ${suite}: ${problemsIn(update.stderr)}`);
  onProgress("nats-server: downloading the package (about 5 MB)");
  const download = await apt("download", "nats-server");
  if (download.code !== 0) throw new Error(`apt-get download nats-server: ${problemsIn(download.stderr)}`);
  const archive = (await readdir(root)).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error("apt-get download left no package");
  const unpack = await runCommand("dpkg-deb", ["-x", join(root, archive), join(root, "unpacked")], { env });
  if (unpack.code !== 0) throw new Error(`dpkg-deb -x: ${problemsIn(unpack.stderr)}`);
  return join(root, "unpacked/usr/sbin/nats-server");
}

function rootOptions(root: string): string[] {
  const settings = {
    "Dir::Etc::sourcelist": join(root, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::lists": join(root, "lists"),
    "Dir::State::status": join(root, "status"),
    "Dir::Cache": join(root, "cache"),
    // The download user of apt may not be able to write into this folder.
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function problemsIn(stderr: string): string {
  return stderr.trim().split("\n").slice(-3).join(" ").slice(0, 400);
}
