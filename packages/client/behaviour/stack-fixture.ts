import { TcpProxy } from "@parley/bench/chaos/tcp-proxy";
import type { Account } from "@parley/devstack/accounts";
import { findFreePort } from "@parley/devstack/ports";
import { Parley as Stack, until } from "@parley/e2e/parley";
import { createParley } from "../src/index.ts";
import type { LogRecord, Options, Parley, TokenSource } from "../src/types.ts";

export { until };

/** The real services behind proxies that can break what passes, and clients of them. */
export class Services {
  readonly stack: Stack;
  /** In front of the producer and of the consumer. */
  readonly proxies: readonly TcpProxy[];
  readonly url: { auth: string; send: string; listen: string };
  readonly #clients: Parley[] = [];
  #people = 0;
  #admin: Promise<Account> | undefined;

  private constructor(stack: Stack, proxies: TcpProxy[], ports: number[]) {
    this.stack = stack;
    this.proxies = proxies;
    const [send, listen] = ports;
    this.url = {
      auth: stack.url("auth"),
      send: `http://127.0.0.1:${send}`,
      listen: `http://127.0.0.1:${listen}`,
    };
  }

  static async start(options: Parameters<typeof Stack.start>[0] = {}): Promise<Services> {
    const stack = await Stack.start(options);
    const ports: number[] = [];
    const proxies: TcpProxy[] = [];
    for (const name of ["ws-producer", "ws-consumer"] as const) {
      const port = await findFreePort("127.0.0.1");
      proxies.push(await TcpProxy.start(port, Number(new URL(stack.url(name)).port)));
      ports.push(port);
    }
    return new Services(stack, proxies, ports);
  }

  /** Somebody new, with a token. */
  person(): Promise<Account> {
    this.#people += 1;
    return this.stack.person(`person${this.#people}`);
  }

  /** The admin, where ADMIN_USERNAME is boss. */
  admin(): Promise<Account> {
    this.#admin ??= this.stack.person("boss");
    return this.#admin;
  }

  /** A client of that person; what it logs goes to `entries`. It is closed with the services, if not before. */
  client(person: Pick<Account, "token">, more: Partial<Options> & { entries?: LogRecord[] } = {}): Parley {
    const { entries = [], ...options } = more;
    const auth: TokenSource = async () => person.token;
    const parley = createParley({ url: this.url, auth, log: (entry) => entries.push(entry), ...options });
    this.#clients.push(parley);
    return parley;
  }

  /** Resets all connections; new ones are let through at once, so a look at the status may miss the cut. */
  cut(): void {
    this.down();
    this.up();
  }

  /** Resets all connections and refuses new ones until `up`. */
  down(): void {
    for (const proxy of this.proxies) proxy.cut();
  }

  up(): void {
    for (const proxy of this.proxies) proxy.heal();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((one) => one.close()));
    for (const proxy of this.proxies) await proxy.close();
    await this.stack.stop();
  }
}

export const untilOnline = (parley: Parley): Promise<void> =>
  until("the client is online", () => parley.status.value.state === "online", 10_000);

/** The texts of a timeline, unsent ones with `…`. */
export const textsOf = (room: ReturnType<Parley["rooms"]["get"]>): string[] =>
  room.timeline.value.items.map((one) => ("seq" in one ? one.body : `${one.body}…`));
