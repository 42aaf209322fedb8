import { type Environment, type Progress, SettingError } from "./environment.ts";
import type { PortVariable, ServiceName } from "./stack-services.ts";

export type StackOptions = Readonly<{
  /** Folder of all data of the stack, relative to the current folder. */
  dataDir: string;
  /** Inherited by the services; default: the environment of this process. */
  env?: Environment;
  /** More variables for one service, by its name (`ws-consumer-2` inherits from `ws-consumer`). */
  serviceEnv?: Readonly<Record<string, Environment>>;
  /** Default 127.0.0.1. */
  host?: string;
  /** Ports by variable; each one left out is a free one. */
  ports?: Readonly<Partial<Record<PortVariable, number | undefined>>>;
  /** An existing NATS; none is started then. */
  natsUrl?: string | undefined;
  natsMonitorUrl?: string | undefined;
  /** An existing database; no Postgres is started then. */
  databaseUrl?: string | undefined;
  /** Default: all but the chat page, `web`, which has to be built before. */
  services?: readonly ServiceName[];
  /** Other source files for services or single processes (`ws-consumer-2`), read before each start of a process. */
  entries?: Readonly<Record<string, string>>;
  /** Number of ws-producer processes; default 1. */
  producers?: number;
  /** Number of ws-consumer processes; default 1. */
  consumers?: number;
  /** Default: `migrations/` of the repository. */
  migrationsFolder?: string;
  /** Gives up: what was started is stopped, and startStack throws the signal's reason. */
  signal?: AbortSignal;
  onProgress?: Progress;
}>;

/** The servers of a NATS_URL, which may name several. @throws {SettingError} NATS_URL if one is no address. */
export function natsServers(url: string): URL[] {
  return url.split(",").map((one) => {
    const address = one.includes("://") ? one.trim() : `nats://${one.trim()}`;
    if (URL.canParse(address) && new URL(address).hostname !== "") return new URL(address);
    throw new SettingError(
      "NATS_URL",
      "NATS_URL has a part that is no address: write nats://host:4222,nats://other:4222",
    );
  });
}
