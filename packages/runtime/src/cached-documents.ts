import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const compress = promisify(gzip);

/** How long caches may use a document without asking, seconds. */
const MAX_AGE_S = 300;
/** Documents that are kept: more than there are, should one have several paths. */
const DOCUMENTS_MAX = 64;
/** What a document costs, in units of `work.ts`: megabytes for the kernel to copy. */
const DOCUMENT_COST = 10;

type Document = Readonly<{ type: string; etag: string; plain: Buffer; gzipped: Buffer }>;

/**
 * Makes all routes that a scope gets from now on documents: files that never change while the process runs. Each is read
 * and compressed once, when it is first asked for, and then sent from memory with an ETag. An answer with
 * `Cache-Control: no-store` is not kept.
 */
export function cacheDocuments(scope: FastifyInstance): void {
  const documents = new Map<string, Document>();
  const sent = new WeakSet<FastifyRequest>();
  scope.addHook("onRoute", (route) => {
    route.config = { cost: DOCUMENT_COST, ...route.config };
  });
  scope.addHook("preHandler", async (request, reply) => {
    const document = documents.get(pathOf(request));
    if (!document || request.method !== "GET") return;
    sent.add(request);
    reply.type(document.type);
    return reply.send(variantOf(document, request, reply));
  });
  scope.addHook("onSend", async (request, reply, payload) => {
    if (sent.has(request) || request.method !== "GET" || reply.statusCode !== 200) return payload;
    if (reply.getHeader("cache-control") === "no-store" || documents.size >= DOCUMENTS_MAX) return payload;
    const plain = await bytesOf(payload);
    const document = {
      type: String(reply.getHeader("content-type")),
      etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
      plain,
      gzipped: await compress(plain),
    };
    documents.set(pathOf(request), document);
    for (const name of ["last-modified", "accept-ranges"]) reply.removeHeader(name);
    return variantOf(document, request, reply);
  });
}

const pathOf = ({ url }: FastifyRequest): string => url.split("?", 1)[0] as string;

async function bytesOf(payload: unknown): Promise<Buffer> {
  if (typeof payload === "string" || Buffer.isBuffer(payload)) return Buffer.from(payload as string);
  return await buffer(payload as AsyncIterable<Uint8Array>);
}

/** The bytes to send, none if the client has them; sets the headers that go with them. */
function variantOf(document: Document, { headers }: FastifyRequest, reply: FastifyReply): Buffer | null {
  const { etag, plain, gzipped } = document;
  reply.header("etag", etag).header("vary", "Origin, Accept-Encoding");
  reply.header("cache-control", `public, max-age=${MAX_AGE_S}`);
  reply.removeHeader("content-length");
  if (headers["if-none-match"]?.includes(etag)) {
    reply.code(304);
    return null;
  }
  const takesGzip = /\bgzip\b(?!;q=0(\.0*)?(,|$))/.test(String(headers["accept-encoding"] ?? ""));
  if (!takesGzip || gzipped.length >= plain.length) return plain;
  reply.header("content-encoding", "gzip");
  return gzipped;
}
