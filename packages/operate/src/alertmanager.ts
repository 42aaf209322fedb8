import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type Environment,
  type Progress,
  REPOSITORY,
  SettingError,
  variable,
} from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { assertPortFree } from "@parley/devstack/ports";
import { missingAt, Unit } from "@parley/devstack/unit";

/** The file that tells nobody. */
const SHIPPED = join(REPOSITORY, "deploy/observe/alertmanager.yml");

/** The file that says who is told of alerts; undefined if ALERTMANAGER_CONFIG names none of one's own. */
export function alertmanagerConfig(env: Environment): string | undefined {
  const file = variable(env, "ALERTMANAGER_CONFIG");
  const path = file === undefined ? SHIPPED : resolve(REPOSITORY, file);
  return path === SHIPPED ? undefined : path;
}

type AlertmanagerOptions = Readonly<{
  env: Environment;
  dataDir: string;
  /** Who is told, and when: Alertmanager's own form. */
  file: string;
  port: number;
  /** Whether it is built of its source, if this machine has none. */
  isFetched: boolean;
  /** Gives up. */
  signal?: AbortSignal;
  onProgress?: Progress;
}>;

/**
 * Starts an Alertmanager on this machine, which is started again when it dies. It is built if there is none, which takes a
 * minute or two.
 *
 * @returns where its page and its API are, and `stop`
 * @throws {DevstackError} PROGRAM_MISSING, PORT_TAKEN, NOT_READY; {SettingError} if the file cannot be read
 */
export async function startAlertmanager(options: AlertmanagerOptions) {
  const { env, dataDir, file, port, isFetched, signal, onProgress } = options;
  await readFile(file).catch(({ message }: Error) => {
    throw new SettingError("NOT_READY", `ALERTMANAGER_CONFIG: ${message}`);
  });
  await assertPortFree(port, "ALERTMANAGER_PORT");
  const command = await findProgram("alertmanager", { env, isFetched, signal, onProgress });
  const folder = join(dataDir, "observe/alertmanager");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const address = `127.0.0.1:${port}`;
  const args = [
    `--config.file=${file}`,
    `--storage.path=${folder}`,
    `--web.listen-address=${address}`,
    // One alone asks no others.
    "--cluster.listen-address=",
    "--log.level=warn",
  ];
  const logFile = join(dataDir, "logs/alertmanager.log");
  const unit = new Unit({
    name: "alertmanager",
    supervise: true,
    onProgress,
    logFile,
    command: async () => ({ command, args, logFile }),
    missing: () => missingAt(`http://${address}/-/ready`),
  });
  await unit.startReady();
  return { url: `http://${address}`, stop: () => unit.stop() };
}
