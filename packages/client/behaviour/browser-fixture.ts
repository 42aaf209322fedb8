import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { rolldown } from "rolldown";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

/** A real Chromium, and a server of the page that its tests run in. */
export class TestBrowser {
  readonly origin: string;
  readonly #server: Server;
  readonly #browser: Browser;

  private constructor(server: Server, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<TestBrowser> {
    const bundle = await rolldown({
      input: join(import.meta.dirname, "browser-page.tsx"),
      transform: { define: { "process.env.NODE_ENV": '"production"' } },
    });
    const { output } = await bundle.generate({ format: "esm" });
    const server = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(
        isScript ? output[0].code : '<!doctype html><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" ") });
    return new TestBrowser(server, browser);
  }

  /** A profile of its own: cookies, storage, and tabs that can see one another. */
  context(): Promise<BrowserContext> {
    return this.#browser.newContext();
  }

  async tab(context: BrowserContext): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(this.origin);
    await tab.waitForFunction(() => "page" in globalThis);
    return tab;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}
