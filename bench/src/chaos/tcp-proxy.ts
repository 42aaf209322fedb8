import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { sleep } from "@parley/runtime/deadline";

/** A TCP proxy on 127.0.0.1 that can break its connections, delay them and stall them. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isDown = false;
  #isStalled = false;
  #delayMs = 0;

  private constructor(port: number, upstreamPort: number) {
    this.port = port;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client, upstreamPort));
  }

  /** Starts a proxy on `port` in front of `upstreamPort`. */
  static async start(port: number, upstreamPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, upstreamPort);
    await once(proxy.#server.listen(port, "127.0.0.1"), "listening");
    return proxy;
  }

  /** Resets all connections, and new ones until `heal`. */
  cut(): void {
    this.#isDown = true;
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  /** Delays every byte by `delayMs`; undefined: stalls all connections without breaking them. */
  slow(delayMs: number | undefined): void {
    if (delayMs !== undefined) this.#delayMs = delayMs;
    else {
      this.#isStalled = true;
      for (const pair of this.#pairs) for (const socket of pair) socket.pause();
    }
  }

  heal(): void {
    this.#isDown = false;
    this.#delayMs = 0;
    this.#isStalled = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #accept(client: Socket, upstreamPort: number): void {
    client.on("error", () => undefined);
    if (this.#isDown) return void client.resetAndDestroy();
    const upstream = connect({ port: upstreamPort, host: "127.0.0.1", noDelay: true });
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => this.#end(pair));
      if (this.#isStalled) socket.pause();
    }
  }

  /** Passes bytes on in their order, each chunk after the delay that held when it came. */
  #pass(from: Socket, to: Socket): void {
    let passed = Promise.resolve();
    const passLater = async (before: Promise<void>, dueAt: number, pass: () => void) => {
      await before;
      const ms = dueAt - performance.now();
      if (ms > 0) await sleep(ms);
      pass();
    };
    const take = (pass: () => void) => {
      passed = passLater(passed, performance.now() + this.#delayMs, pass);
    };
    from.on("data", (chunk) => take(() => this.#write(from, to, chunk)));
    from.on("end", () => take(() => to.end()));
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once("drain", () => {
      if (!this.#isStalled) from.resume();
    });
  }

  #end(pair: readonly [Socket, Socket]): void {
    if (!this.#pairs.delete(pair)) return;
    for (const socket of pair) socket.resetAndDestroy();
  }
}
