import type { Exit, ServerProcess } from "./server-process.ts";

/** A server on 127.0.0.1 that may be killed and started again on the same ports and data. */
export interface LocalServer {
  readonly pid: number;
  readonly alive: boolean;
  /** Resolves when the present process is gone. */
  readonly exited: Promise<Exit>;
  /** Ends it in an orderly way; SIGKILL if that takes too long. */
  stop(): Promise<void>;
  /** Sends a signal (default SIGKILL) and waits until the process is gone; SIGSTOP and SIGCONT do not wait. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again; stops it first if it runs. */
  restart(): Promise<void>;
}

/** Launches a server, now and at each restart. `stopSignal` ends it in an orderly way, within `graceMs`. */
export async function keepServer(
  launch: () => Promise<ServerProcess>,
  stopSignal: NodeJS.Signals,
  graceMs: number,
): Promise<LocalServer> {
  let server = await launch();
  return {
    get pid() {
      return server.pid;
    },
    get alive() {
      return server.alive;
    },
    get exited() {
      return server.exited;
    },
    stop: async () => void (await server.end(stopSignal, graceMs)),
    kill: async (signal = "SIGKILL") => {
      if (signal === "SIGSTOP" || signal === "SIGCONT") server.signal(signal);
      else await server.end(signal);
    },
    restart: async () => {
      await server.end(stopSignal, graceMs);
      server = await launch();
    },
  };
}
