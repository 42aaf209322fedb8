import { authenticate } from "@parley/identity/authenticate";
import type { Identities } from "@parley/identity/identity";
import { scoped } from "@parley/identity/scoped";
import { TOO_LARGE_PATHS } from "@parley/protocol/codes";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { TrustProxy } from "@parley/runtime/trust-proxy";
import { SOCKET_LINKS } from "@parley/socket/asyncapi-routes";
import type { Door } from "@parley/socket/door";
import type { DoorLimits } from "@parley/socket/door-limits";
import { openDoor } from "@parley/socket/open-door";
import { addMessageRoutes } from "./adapters/http/message-routes.ts";
import {
  type AwaitStored,
  ackOf,
  postCommand,
  reactionCommand,
  readCommand,
} from "./adapters/websocket/commands.ts";
import { createTypingCommand } from "./adapters/websocket/typing-command.ts";
import type { AnnounceTyping, PublishTyping } from "./application/announce-typing.ts";
import type { ForwardRead } from "./application/forward-read.ts";
import type { PostMessage } from "./application/post-message.ts";
import type { React } from "./application/react.ts";

type ProducerDependencies = Readonly<{
  identities: Identities;
  postMessage: PostMessage;
  announceTyping: AnnounceTyping;
  publishTyping: PublishTyping;
  react: React;
  forwardRead: ForwardRead;
  stored: AwaitStored;
  limits: DoorLimits;
  checks: Readonly<Record<string, Check>>;
  metrics: Metrics;
  trustProxy: TrustProxy;
  publicPrefix: string;
  log: Log;
}>;

/** Builds the WebSocket and HTTP interface of ws-producer; opens no port. */
export async function buildApp(dependencies: ProducerDependencies): Promise<{ app: App; door: Door }> {
  const { postMessage, limits, log, checks, metrics, trustProxy, publicPrefix } = dependencies;
  const identities = scoped(dependencies.identities, "messages:write");
  const app = await buildHttp({
    service: "ws-producer",
    title: "Parley ws-producer",
    description: `Takes messages from people and applications and appends them to the log. Its WebSocket is \`/ws\`; [the frames](${publicPrefix}/docs/asyncapi) have a document of their own.`,
    log,
    checks: { ...checks, door: () => door.assertOpen() },
    metrics,
    allowedOrigins: limits.allowedOrigins,
    trustProxy,
    publicPrefix,
    limits,
    homeLinks: SOCKET_LINKS,
    authenticate: (request) => authenticate(request, identities.verify),
    bodyBytesMax: FRAME_BYTES_MAX,
    tooLargePaths: TOO_LARGE_PATHS,
  });
  const typing = createTypingCommand(dependencies.announceTyping, dependencies.publishTyping);
  const commands = [
    postCommand(postMessage, dependencies.stored),
    reactionCommand(dependencies.react, dependencies.stored),
    readCommand(dependencies.forwardRead),
    typing.command,
  ];
  const door = await openDoor(app, {
    service: "producer",
    identities,
    commands,
    limits,
    log,
    metrics,
    onClose: typing.end,
  });
  addMessageRoutes(app, postMessage, ackOf);
  const [chatPage = "/"] = limits.allowedOrigins;
  app.get("/chat", { schema: { hide: true } }, (_request, reply) => reply.redirect(chatPage));
  return { app, door };
}
