import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { App } from "./app.ts";
import { cacheDocuments } from "./cached-documents.ts";
import { documentOptions } from "./documents.ts";
import { MARK } from "./mark.ts";

/** Content security policy of the Swagger page: it has inline styles, and must work over plain HTTP on any host. */
const DOCS_CSP = {
  "default-src": ["'self'"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

const FAVICON = {
  filename: "mark.svg",
  rel: "icon",
  type: "image/svg+xml",
  sizes: "any",
  content: MARK,
};

/** Adds OpenAPI 3.1 of all routes that follow at `/docs/json`, and Swagger UI at `/docs`. */
export async function addDocs(
  app: App,
  {
    title,
    description,
    publicPrefix,
  }: Readonly<{ title: string; description: string; publicPrefix: string }>,
): Promise<void> {
  await app.register(swagger, documentOptions(title, description, publicPrefix));
  await app.register((scope, _options, done) => {
    cacheDocuments(scope);
    scope.register(swaggerUi, {
      routePrefix: "/docs",
      indexPrefix: publicPrefix,
      staticCSP: DOCS_CSP,
      logo: { type: "image/svg+xml", content: MARK, href: `${publicPrefix}/`, target: "_self" },
      theme: { favicon: [FAVICON] },
    });
    done();
  });
}
