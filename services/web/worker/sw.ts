// Keeps the page's own files, so that it opens without a network. What people write is kept by the page, not here.
const worker = globalThis as unknown as ServiceWorkerGlobalScope;
const SHELL = "shell";
const DOCUMENT = "/";

/** Addresses of scripts, styles and images that a document or a script names. */
const assetsIn = (text: string): string[] =>
  [...new Set(text.match(/\/?assets\/[\w.-]+\.(?:js|css|svg)/g) ?? [])].map(
    (path) => `/${path.replace(/^\//, "")}`,
  );

/** Fetches the document and all that it needs; what belongs to an earlier one goes. */
async function update(): Promise<void> {
  const cache = await caches.open(SHELL);
  const answer = await fetch(DOCUMENT, { cache: "no-cache" });
  if (!answer.ok) return;
  const wanted = new Set<string>(["/icon.svg", "/manifest.webmanifest"]);
  const queue = assetsIn(await answer.clone().text());
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (wanted.has(path)) continue;
    wanted.add(path);
    const asset = (await cache.match(path)) ?? (await fetch(path));
    if (!asset.ok) return;
    await cache.put(path, asset.clone());
    if (path.endsWith(".js")) queue.push(...assetsIn(await asset.text()));
  }
  for (const path of ["/icon.svg", "/manifest.webmanifest"]) await cache.add(path);
  await cache.put(DOCUMENT, answer);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname !== DOCUMENT && !wanted.has(pathname)) await cache.delete(url);
  }
}

/** The kept document at once, and a newer one for the next time. */
async function documentOf(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(DOCUMENT);
  const updated = update().catch(() => undefined);
  event.waitUntil(updated);
  return kept ?? fetch(event.request);
}

worker.addEventListener("install", (event) => {
  event.waitUntil(update().then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  const isFile =
    pathname.startsWith("/assets/") || pathname === "/icon.svg" || pathname === "/manifest.webmanifest";
  if (request.mode === "navigate" && !/^\/(?:docs|health)(?:\/|$)|\.\w+$/.test(pathname))
    event.respondWith(documentOf(event));
  else if (isFile) event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
});
