import { type Account, openAccount, postJson } from "@parley/devstack/accounts";
import { findFreePort } from "@parley/devstack/ports";
import { type Stack, startStack } from "@parley/devstack/stack";
import { makeTempDir } from "@parley/devstack/temp-dir";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP lan.test 127.0.0.1",
];
/** A host that browsers take for one of a network: what is served over plain HTTP there is not trusted. */
const LAN_HOST = "lan.test";
/** Whatever is waited for in the page comes in that time, ms. */
const ACTION_MS = 30_000;
export const PASSWORD = "correct horse battery";

declare global {
  /** In the page: tells the test of a fault. */
  var tellFault: (fault: string) => void;
}

/** The services with the chat page, and a browser. */
export class PageStack {
  readonly stack: Stack;
  readonly browser: Browser;
  /** Violations of the page's policy, and errors of its scripts. */
  readonly faults: string[] = [];

  private constructor(stack: Stack, browser: Browser) {
    this.stack = stack;
    this.browser = browser;
  }

  /** `messageLimit`: whether each user may send so many messages in a second; nothing else is limited. */
  static async start({ messageLimit = "off" }: { messageLimit?: "on" | "off" } = {}): Promise<PageStack> {
    const port = await findFreePort();
    const origins = [`http://localhost:${port}`, `http://${LAN_HOST}:${port}`].join();
    const [stack, browser] = await Promise.all([
      startStack({
        dataDir: await makeTempDir("page"),
        env: { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", ALLOWED_ORIGINS: origins },
        serviceEnv: { "ws-producer": { RATE_LIMITS: messageLimit } },
        services: ["auth", "ws-producer", "ws-consumer", "web"],
        ports: { WEB_PORT: port },
      }),
      chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
    ]);
    return new PageStack(stack, browser);
  }

  /** The page's address. `localhost`, as a cookie is for a host and not for a port. */
  get url(): string {
    return `http://localhost:${this.stack.ports.WEB_PORT}`;
  }

  /** The page's address as another machine of the network would write it. */
  get lanUrl(): string {
    return `http://${LAN_HOST}:${this.stack.ports.WEB_PORT}`;
  }

  urlOf(service: "auth" | "ws-producer" | "ws-consumer"): string {
    return this.stack.urls[service] as string;
  }

  /** Makes an account, without a browser. */
  person(username: string, displayName: string): Promise<Account> {
    return openAccount(this.urlOf("auth"), { username, displayName, password: PASSWORD });
  }

  /** Posts a message as somebody, without a browser. */
  async say({ token }: Account, room: string, body: string, more: object = {}): Promise<void> {
    await postJson(`${this.urlOf("ws-producer")}/api/v1/rooms/${room}/messages`, { body, ...more }, token);
  }

  /** A profile of its own, whose faults are kept. */
  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({ baseURL: this.url, ...options });
    context.setDefaultTimeout(ACTION_MS);
    await context.exposeFunction("tellFault", (fault: string) => this.faults.push(fault));
    await context.addInitScript(() =>
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        globalThis.tellFault(`policy: ${violatedDirective} ${blockedURI}`),
      ),
    );
    context.on("page", (page) => {
      page.on("pageerror", (error) => this.faults.push(String(error)));
      page.on("console", (message) => {
        if (/Content Security Policy|TrustedScript|TrustedHTML/.test(message.text()))
          this.faults.push(message.text());
      });
    });
    return context;
  }

  /** Signs somebody in through the page, at `path`. */
  async signIn(context: BrowserContext, username: string, path = "/"): Promise<Page> {
    const page = await context.newPage();
    await page.goto(path);
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.locator("nav.sidebar").waitFor({ state: "attached" });
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.stack.stop();
  }
}
