import fastifyStatic from "@fastify/static";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Limits } from "@parley/runtime/limits";
import type { Log } from "@parley/runtime/log";
import type { TrustProxy } from "@parley/runtime/trust-proxy";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type ApiAddresses, apiOrigins } from "./api-addresses.ts";
import { contentPolicy } from "./content-policy.ts";
import type { Page } from "./page.ts";

const BODY_BYTES_MAX = 1_024;
const schema = { hide: true };
/** An address whose last part looks like a file's name is none of the page's. */
const FILE_NAME = /\.\w+$/;

type Parts = Readonly<{
  page: Page;
  api: ApiAddresses;
  limits: Limits;
  trustProxy: TrustProxy;
  log: Log;
}>;

/** Builds the server of the page: files, and its document for every address. It opens no port. */
export async function buildApp({ page, api, limits, trustProxy, log }: Parts): Promise<App> {
  const app = await buildHttp({
    service: "web",
    title: "Parley web",
    description: "Serves the chat page: static files, and its document for every address of the page.",
    log,
    checks: {},
    allowedOrigins: [],
    trustProxy,
    limits,
    hasHomePage: false,
    bodyBytesMax: BODY_BYTES_MAX,
  });
  await app.register(fastifyStatic, {
    root: page.folder,
    serve: false,
    preCompressed: true,
    dotfiles: "ignore",
    index: false,
  });
  // Their names change with their content.
  app.get("/assets/:file", { schema }, (request, reply) => {
    const { file } = request.params as { file: string };
    return reply.sendFile(`/assets/${file}`, { immutable: true, maxAge: "1y" });
  });
  for (const file of page.files)
    app.get(`/${file}`, { schema }, (_request, reply) =>
      reply.header("cache-control", "no-cache").sendFile(`/${file}`, { cacheControl: false }),
    );
  const sendDocument = (request: FastifyRequest, reply: FastifyReply) => {
    if (FILE_NAME.test(request.url.split("?")[0] ?? "")) return reply.callNotFound();
    return reply
      .header("cache-control", "no-cache")
      .header("content-security-policy", contentPolicy(apiOrigins(api, request.protocol, request.hostname)))
      .type("text/html; charset=utf-8")
      .send(page.html);
  };
  app.get("/", { schema }, sendDocument);
  app.get("/*", { schema }, sendDocument);
  return app;
}
