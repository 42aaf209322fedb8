import { once } from "node:events";
import { Socket } from "node:net";
import { sleep } from "./deadline.ts";

const POSTGRES_PORT = 5_432;
const CONNECT_MS = 2_000;
/** Time after which no host is tried any more, ms: longer than the deadline of any statement that waits for it. */
const GIVE_UP_MS = 10_000;
/** Pause after all hosts have been tried, ms: without it each connection would try a standby a thousand times a second. */
const ROUND_PAUSE_MS = 250;

/** Protocol, user and password; hosts; the rest. `URL` itself refuses several hosts with ports. */
const URL_OF_SEVERAL = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]*)(.*)$/s;

/** The URL of each host of a URL that may name several. Not every part needs to be an address. */
export function urlsOfHosts(url: string): string[] {
  const [, before = "", hosts = "", after = ""] = URL_OF_SEVERAL.exec(url) ?? [];
  return hosts.split(",").map((host) => `${before}${host.trim()}${after}`);
}

/**
 * Makes a function that connects to the next of these hosts that answers. The driver's own choice of a host takes a
 * standby for a server that takes writes, and does not pause (docs/decisions/0052).
 *
 * @throws the error of a host if none has answered for 10 s. The driver ignores it: the statement ends by its deadline.
 */
export function createConnectNext(urls: readonly string[]): () => Promise<Socket> {
  const hosts = urls.map((url) => new URL(url));
  let tried = 0;
  return async () => {
    for (const giveUpAt = performance.now() + GIVE_UP_MS; ; ) {
      if (tried > 0 && tried % hosts.length === 0) await sleep(ROUND_PAUSE_MS);
      const { hostname, port } = hosts[tried % hosts.length] as URL;
      tried += 1;
      const host = hostname.replace(/^\[(.*)\]$/, "$1");
      // TLS takes the name of the server from it.
      const socket = Object.assign(new Socket(), { host });
      try {
        socket.connect({ host, port: Number(port || POSTGRES_PORT) });
        await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
        return socket;
      } catch (error) {
        socket.destroy();
        if (performance.now() > giveUpAt) throw error;
      }
    }
  };
}
