import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { cacheDocuments } from "@parley/runtime/cached-documents";
import type { HomeLink } from "@parley/runtime/home-page";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import type { FastifyRequest } from "fastify";

/** Makes the AsyncAPI document for the URL at which the reader reached the service, such as `ws://localhost:8081`. */
type DescribeSocket = (url: string) => object;

const REACT = "@asyncapi/react-component";
const require = createRequire(import.meta.url);

/** Files that the page loads from this service; files and not inline, so that its policy forbids inline scripts. */
const FILES = {
  "page.js": { path: join(import.meta.dirname, "../assets/asyncapi-page.js"), type: "text/javascript" },
  "renderer.js": {
    path: require.resolve(`${REACT}/browser/standalone/index.js`),
    type: "text/javascript",
  },
  "renderer.css": { path: require.resolve(`${REACT}/styles/default.min.css`), type: "text/css" },
} as const;

/** Links to them for the page at `/`. */
export const SOCKET_LINKS: readonly HomeLink[] = [["docs/asyncapi", "The frames of the WebSocket"]];

/**
 * Content-Security-Policy of the page: only files of this service, no inline script. 'unsafe-eval', because the renderer
 * compiles JSON schemas when it loads; inline `style` attributes, because it indents nested fields with them.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Parley: the frames of this socket</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="asyncapi/renderer.css">
    <script src="asyncapi/renderer.js" defer></script>
    <script src="asyncapi/page.js" type="module"></script>
  </head>
  <body>
    <div id="asyncapi"></div>
    <noscript>This page needs scripts; the document itself is <a href="asyncapi.json">asyncapi.json</a>.</noscript>
  </body>
</html>
`;

/** @throws {Problem} 400 if the Host header is not a host. */
function socketUrl(request: FastifyRequest): string {
  const url = `${request.protocol === "https" ? "wss" : "ws"}://${request.host}`;
  if (!URL.canParse(url)) throw new Problem(400, "bad_request", "the Host header is not a host");
  return url;
}

/** Cost of a document for a URL that was not asked for lately, in units of packages/runtime/src/work.ts. */
const MADE_COST = 25;
/** Documents that are kept, by URL; the oldest goes first. */
const MADE_MAX = 16;

/** Keeps what `describe` makes, encoded. */
function keepDocuments(describe: DescribeSocket): (url: string) => string {
  const made = new Map<string, string>();
  return (url) => {
    const text = made.get(url) ?? JSON.stringify(describe(url));
    if (!made.has(url) && made.size >= MADE_MAX) made.delete(made.keys().next().value as string);
    made.set(url, text);
    return text;
  };
}

/** Adds the AsyncAPI document at `/docs/asyncapi.json` and a page at `/docs/asyncapi` that renders it without the network. */
export async function addAsyncApiRoutes(app: App, describe: DescribeSocket): Promise<void> {
  const schema = { hide: true };
  const documentOf = keepDocuments(describe);
  await app.register((scope, _options, done) => {
    cacheDocuments(scope);
    scope.get("/docs/asyncapi.json", { schema, config: { cost: MADE_COST } }, (request, reply) =>
      reply
        .header("cache-control", "no-store")
        .type("application/json")
        .send(documentOf(`${socketUrl(request)}${app.publicPrefix}`)),
    );
    scope.get("/docs/asyncapi", { schema }, (_request, reply) =>
      reply.header("content-security-policy", POLICY).type("text/html; charset=utf-8").send(PAGE),
    );
    scope.get("/docs/asyncapi/", { schema }, (_request, reply) => reply.redirect("../asyncapi", 308));
    for (const [name, { path, type }] of Object.entries(FILES))
      scope.get(`/docs/asyncapi/${name}`, { schema }, (_request, reply) =>
        reply.type(`${type}; charset=utf-8`).send(createReadStream(path)),
      );
    done();
  });
}
