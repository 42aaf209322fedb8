import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { rolldown } from "rolldown";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

/** A server of the page that the tests in a browser run in. */
export class PageServer {
  readonly origin: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<PageServer> {
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
    return new PageServer(server);
  }

  stop(): void {
    this.#server.close();
  }
}

/** A real Chromium. */
export class TestBrowser {
  readonly #pages: PageServer;
  readonly #browser: Browser;

  private constructor(pages: PageServer, browser: Browser) {
    this.#pages = pages;
    this.#browser = browser;
  }

  static async start(pages: PageServer): Promise<TestBrowser> {
    return new TestBrowser(
      pages,
      await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" ") }),
    );
  }

  /** A profile of its own: cookies, storage, and tabs that can see one another. */
  context(): Promise<BrowserContext> {
    return this.#browser.newContext();
  }

  async tab(context: BrowserContext): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(this.#pages.origin);
    await tab.waitForFunction(() => "page" in globalThis);
    return tab;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#pages.stop();
  }
}
