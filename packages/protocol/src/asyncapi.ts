import type { TSchema } from "typebox";
import { CLOSE, ERROR_STATUS } from "./codes.ts";
import { FRAMES, type SentFrame, type TakenFrame } from "./frame-table.ts";
import { OVERSIZE_FRAME_BYTES_MAX } from "./limits.ts";
import { ErrorFrame } from "./server-frames.ts";

type SocketService = keyof typeof FRAMES;
type Json = Record<string, unknown>;
type Reference = { $ref: string };

const CHANNEL = "socket";
const DESCRIPTION: Readonly<Record<SocketService, string>> = {
  producer: "Takes messages and acknowledges each once the log has it on disk.",
  consumer: "Delivers messages: live, and after a reconnect from the client's last seq.",
};
const CLOSE_MEANING: Readonly<Record<keyof typeof CLOSE, string>> = {
  goingAway: "going away; connect again after `retryAfterMs` of the reason, then resume",
  restarting: "restarting; connect again after `retryAfterMs` of the reason, then resume",
  notUtf8: "a frame was not UTF-8 text",
  frameTooLarge: `a frame was larger than ${OVERSIZE_FRAME_BYTES_MAX} bytes, or than 8,192 before authentication`,
  badFrames: "too many bad frames",
  unauthenticated: "not authenticated in time, or the token expired; connect with a new one",
  revoked: "the session was revoked",
  slow: "the client reads too slowly; connect again and resume",
  tooMany: "too many connections, or abuse; connect later",
  unavailable: "overloaded, or a needed part is down; connect again with back-off",
};

/**
 * The AsyncAPI 3 document of a socket service, made from the schemas that validate its frames.
 *
 * @param url of the service, for example `ws://localhost:8081`
 */
export function asyncApiOf(service: SocketService, url: string): Json {
  const { takes, sends } = FRAMES[service];
  const frames = uniqueById([...takes, ...sends]);
  const { protocol, host, pathname } = new URL(url);
  return {
    asyncapi: "3.0.0",
    info: {
      title: `Parley ws-${service}`,
      version: "1.0.0",
      description: describe(service),
      license: { name: "MIT" },
      // Who that is, is known to those who run it; the domain is reserved for examples (RFC 2606).
      contact: {
        name: "The operator of this service",
        url: url.replace(/^ws/, "http"),
        email: "operator@parley.example",
      },
      tags: [{ name: "frames", description: "One flat JSON object per text frame" }],
    },
    defaultContentType: "application/json",
    servers: {
      [service]: {
        host,
        protocol: protocol.slice(0, -1),
        ...(pathname === "/" ? {} : { pathname }),
        security: [{ $ref: "#/components/securitySchemes/bearer" }],
      },
    },
    channels: { [CHANNEL]: channelOf(service, frames) },
    operations: operationsOf(takes, sends),
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      messages: Object.fromEntries(frames.map((row) => [idOf(row.frame), messageOf(row)])),
      schemas: componentSchemas(frames.map(({ frame }) => frame)),
    },
  };
}

function describe(service: SocketService): string {
  const codes = Object.keys(ERROR_STATUS).map((code) => `\`${code}\``);
  const closes = Object.entries(CLOSE).map(
    ([name, code]) => `| ${code} | ${CLOSE_MEANING[name as keyof typeof CLOSE]} |`,
  );
  return [
    DESCRIPTION[service],
    "One flat JSON object per text frame; `type` names it, `id` is the client's own and comes back in the answer. " +
      "A frame may get new fields and there may be new frames: ignore what you do not know.",
    "The token comes as `Authorization: Bearer`, or as the first frame `auth` within 5 s, or as `?token=` where " +
      "the operator allows it.",
    `Codes of errors: ${codes.join(", ")}.`,
    ["| close | why |", "|---|---|", ...closes].join("\n"),
  ].join("\n\n");
}

function channelOf(service: SocketService, frames: readonly SentFrame[]): Json {
  const string = { type: "string" };
  const query: Json = {
    token: { ...string, description: "access token; only where the operator allows it" },
    debug_reconnect: {
      ...string,
      enum: ["1"],
      description: "closes the socket every 30 s, for tests of clients",
    },
  };
  if (service === "consumer")
    query.room = {
      ...string,
      description:
        "a room to subscribe to; may be given several times, as often as a `resume` has rooms, for the same cost",
    };
  return {
    address: "/ws",
    servers: [{ $ref: `#/servers/${service}` }],
    messages: Object.fromEntries(
      frames.map(({ frame }) => [idOf(frame), { $ref: `#/components/messages/${idOf(frame)}` }]),
    ),
    bindings: {
      ws: { method: "GET", query: { type: "object", properties: query }, bindingVersion: "0.1.0" },
    },
  };
}

/** One operation per frame that the service takes, with its answers as reply, and one per frame that it sends. */
function operationsOf(takes: readonly TakenFrame[], sends: readonly SentFrame[]): Json {
  const channel = { $ref: `#/channels/${CHANNEL}` };
  const operations: Json = {};
  for (const { frame, summary, answers } of takes) {
    operations[`take${idOf(frame)}`] = {
      action: "receive",
      channel,
      summary,
      description: `${summary}.`,
      messages: [inChannel(frame)],
      reply: { channel, messages: [...answers, ErrorFrame].map(inChannel) },
    };
  }
  for (const { frame, summary } of sends) {
    const description = `${summary}.`;
    operations[`send${idOf(frame)}`] = {
      action: "send",
      channel,
      summary,
      description,
      messages: [inChannel(frame)],
    };
  }
  return operations;
}

function messageOf({ frame, summary }: SentFrame): Json {
  const { examples } = frame as { examples?: unknown[] };
  return {
    name: typeOf(frame),
    title: typeOf(frame),
    summary,
    payload: { $ref: `#/components/schemas/${idOf(frame)}` },
    ...(examples === undefined ? {} : { examples: examples.map((payload) => ({ payload })) }),
  };
}

/** All schemas with an `$id`, also nested ones, which are replaced by references. */
function componentSchemas(schemas: readonly TSchema[]): Json {
  const components: Json = {};
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== "object" || node === null) return node;
    const { $id, ...rest } = node as { $id?: unknown };
    if (typeof $id !== "string") return mapValues(rest, visit);
    if (!Object.hasOwn(components, $id)) {
      components[$id] = {};
      components[$id] = mapValues(rest, visit);
    }
    return { $ref: `#/components/schemas/${$id}` } satisfies Reference;
  };
  schemas.forEach((schema) => void visit(schema));
  return components;
}

const mapValues = (object: object, map: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));

const inChannel = (frame: TSchema): Reference => ({ $ref: `#/channels/${CHANNEL}/messages/${idOf(frame)}` });

/** @throws {Error} if the frame has no `$id`: each frame of the table needs one. */
function idOf(frame: TSchema): string {
  const { $id } = frame as { $id?: string };
  if ($id === undefined) throw new Error("a frame without $id cannot be documented");
  return $id;
}

/** The literal in the frame's `type`. */
function typeOf(frame: TSchema): string {
  const { properties } = frame as { properties?: { type?: { const?: string } } };
  return properties?.type?.const ?? idOf(frame);
}

function uniqueById(rows: readonly SentFrame[]): SentFrame[] {
  return [...new Map(rows.map((row) => [idOf(row.frame), row])).values()];
}
