import { randomUUID } from "node:crypto";
import { openAuth, tokenRules } from "@parley/identity/auth-client";
import { openIdentities } from "@parley/identity/identities";
import {
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  TYPING_BURST,
  TYPING_PER_SECOND,
} from "@parley/protocol/limits";
import { streamsOf } from "@parley/protocol/log";
import type { App } from "@parley/runtime/http";
import { isoNow } from "@parley/runtime/iso-now";
import type { OnFault } from "@parley/runtime/listen";
import { connectNats } from "@parley/runtime/nats";
import type { ServiceContext } from "@parley/runtime/service";
import { TokenBuckets } from "@parley/runtime/token-bucket";
import { openTraces } from "@parley/runtime/traces";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { monitorUrls, natsOptions } from "@parley/runtime/variables";
import { doorLimits } from "@parley/socket/door-limits";
import type { Static } from "typebox";
import { Backlog } from "./adapters/log/backlog.ts";
import {
  createAppendMessage,
  createAppendReaction,
  createLogPublisher,
} from "./adapters/log/log-publisher.ts";
import { createForwardRead } from "./adapters/nats/read-forwarder.ts";
import { createRightsCache } from "./adapters/nats/rights-bucket.ts";
import { StoredReceipts } from "./adapters/nats/stored-receipts.ts";
import { createPublishTyping } from "./adapters/nats/typing-publisher.ts";
import { buildApp } from "./app.ts";
import { createAnnounceTyping } from "./application/announce-typing.ts";
import { createPostMessage } from "./application/post-message.ts";
import { createReact } from "./application/react.ts";
import { createMayPost, createTakeChannel } from "./application/room-access.ts";
import type { ProducerConfig } from "./config.ts";
import { createProducerMetrics, createSendCounts } from "./metrics.ts";
import { tracePosts, tracePublications, traceReactions } from "./traces.ts";

const HOUR_S = 3_600;
/** Longest wait for the log's acknowledgements when the service closes, ms. */
const CLOSE_DEADLINE_MS = 3_000;

type Context = ServiceContext & Readonly<{ config: Static<typeof ProducerConfig> }>;

/**
 * Makes everything of ws-producer in the order in which data flows: identity, rights, rate limits, log, interface. It is
 * closed in the opposite order. The returned app does not listen yet.
 */
export async function wireProducer({ config, log, onClose }: Context): Promise<App> {
  const { LOG_SHARDS: shards } = config;
  const limits = doorLimits(config);
  const auth = openAuth(config);
  const traces = await openTraces("ws-producer", config, log);
  onClose(() => traces?.close());
  const streams = streamsOf(shards);
  const nats = await connectNats({ ...natsOptions(config), name: "ws-producer", streams, log });
  onClose(() => nats.close());
  const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
  onClose(() => identities.close());

  const onFault: OnFault = (err, what) => log.warn({ err }, what);
  const { CHANNEL_AUTO_CREATE: isAutoCreated, CHANNELS_MADE_PER_HOUR: channelsPerHour } = config;
  const rights = createRightsCache(nats, onFault);
  const channels = new TokenBuckets(channelsPerHour / HOUR_S, channelsPerHour);
  const takeChannel = createTakeChannel(
    (userId) => channels.take(userId, performance.now()),
    channelsPerHour,
  );
  const mayPost = createMayPost(rights, isAutoCreated, limits.isLimited ? takeChannel : () => true);
  // Typing makes no channel.
  const mayAnnounce = createMayPost(rights, isAutoCreated, () => true);
  const messageTurns = new TokenBuckets(MESSAGES_PER_SECOND, MESSAGES_BURST);
  const typingTurns = new TokenBuckets(TYPING_PER_SECOND, TYPING_BURST);
  const takeTurn = (userId: string) => (limits.isLimited ? messageTurns.take(userId, performance.now()) : 0);
  const takeTypingTurn = (userId: string, room: string) =>
    typingTurns.take(`${userId} ${room}`, performance.now()) === 0;

  const backlog = new Backlog(nats, shards, config.LOG_BACKLOG_MAX, onFault);
  const publisher = createLogPublisher(nats, {
    shards,
    monitorUrls: monitorUrls(config),
    onPublished: (published) => backlog.acknowledged(published),
    closeDeadlineMs: CLOSE_DEADLINE_MS,
    trace: traces && ((publish) => tracePublications(publish, traces)),
    log,
  });
  const publishTyping = createPublishTyping(nats);
  const stored = new StoredReceipts(nats, shards, onFault);
  onClose(() => stored.close());
  const freshId = () => randomUUID();
  const sends = createSendCounts();
  const accepting = { takeTurn, mayPost, now: isoNow, freshId };
  const post = createPostMessage({
    append: createAppendMessage(publisher.publish, backlog, shards),
    ...accepting,
    counts: sends,
  });
  const react = createReact({
    append: createAppendReaction(publisher.publish, backlog, shards),
    ...accepting,
  });
  const { app, door } = await buildApp({
    identities,
    postMessage: traces ? tracePosts(post, traces, freshId) : post,
    react: traces ? traceReactions(react, traces, freshId) : react,
    announceTyping: createAnnounceTyping(publishTyping, takeTypingTurn, mayAnnounce),
    publishTyping,
    forwardRead: createForwardRead(nats),
    stored,
    limits,
    checks: { log: publisher.assertReady, auth: identities.check },
    metrics: createProducerMetrics({ publisher, backlog, sends, tokens: identities.counts }, shards),
    trustProxy: readTrustProxy(config.TRUST_PROXY),
    publicPrefix: config.PUBLIC_PREFIX,
    log,
  });
  onClose(() => app.close());
  onClose(() => publisher.close());
  onClose(() => door.drain(), limits.drainMs);
  return app;
}
