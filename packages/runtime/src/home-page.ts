import type { App } from "./app.ts";

/** Content security policy of the page: nothing but its own styles. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** A link of the page: a path of the service without a slash before it, and what is there. */
export type HomeLink = readonly [href: string, text: string];

const LINKS: readonly HomeLink[] = [
  ["docs", "The REST interface, to read and to try"],
  ["docs/json", "Its OpenAPI document"],
  ["health/ready", "Whether this service is ready"],
];

/** A text without the marks of Markdown, which the OpenAPI document has. */
const plain = (text: string): string => text.replace(/\[([^\]]+)\]\([^)]*\)|`([^`]+)`/g, "$1$2");
const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** Adds `GET /`: a page for people who open the service's address in a browser. */
export function addHomePage(
  app: App,
  {
    title,
    description,
    homeLinks = [],
    publicPrefix = "",
  }: { title: string; description: string; homeLinks?: readonly HomeLink[]; publicPrefix?: string },
): void {
  const items = [...homeLinks, ...LINKS].map(
    ([href, text]) => `      <li><a href="${escaped(`${publicPrefix}/${href}`)}">${escaped(text)}</a></li>`,
  );
  const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escaped(title)}</title>
    <style>body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>${escaped(title)}</h1>
    <p>${escaped(plain(description))}</p>
    <ul>
${items.join("\n")}
    </ul>
  </body>
</html>
`;
  app.get("/", { schema: { hide: true } }, (_request, reply) =>
    reply.header("content-security-policy", POLICY).type("text/html; charset=utf-8").send(page),
  );
}
