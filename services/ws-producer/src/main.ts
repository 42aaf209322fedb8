import { randomUUID } from "node:crypto";
import { authCredentials, authUrl, connectAuth, tokenRules } from "@parley/identity/auth-client";
import { openIdentities } from "@parley/identity/identities";
import {
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  TYPING_BURST,
  TYPING_PER_SECOND,
} from "@parley/protocol/limits";
import { readConfig } from "@parley/runtime/config";
import { isoNow } from "@parley/runtime/iso-now";
import { connectNats } from "@parley/runtime/nats";
import { runService } from "@parley/runtime/service";
import { natsOptions } from "@parley/runtime/variables";
import { doorLimits } from "@parley/socket/door-limits";
import { TokenBuckets } from "@parley/socket/token-bucket";
import { createAppendMessage } from "./adapters/log/append-message.ts";
import { createAppendReaction } from "./adapters/log/append-reaction.ts";
import { Backlog } from "./adapters/log/backlog.ts";
import { createLogPublisher } from "./adapters/log/log-publisher.ts";
import { createAskRead } from "./adapters/nats/read-forwarder.ts";
import { createMayPost } from "./adapters/nats/rights-board.ts";
import { StoredReceipts } from "./adapters/nats/stored-receipts.ts";
import { createPublishTyping } from "./adapters/nats/typing-publisher.ts";
import { buildApp } from "./app.ts";
import { createAnnounceTyping } from "./application/announce-typing.ts";
import { createPostMessage } from "./application/post-message.ts";
import { createReact } from "./application/react.ts";
import { ProducerConfig } from "./config.ts";
import { createProducerMetrics } from "./metrics.ts";

await runService("ws-producer", process.env, async ({ log, onClose }) => {
  const config = readConfig(ProducerConfig, process.env);
  const limits = doorLimits(config);
  const nats = await connectNats({ ...natsOptions(config), name: "ws-producer", log });
  onClose(() => nats.close());
  const auth = connectAuth(authUrl(config), authCredentials(config));
  const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
  onClose(() => identities.close());
  const backlog = new Backlog(nats, config.LOG_SHARDS, config.LOG_BACKLOG_MAX);
  const publisher = createLogPublisher(nats, {
    shards: config.LOG_SHARDS,
    monitorUrl: config.NATS_MONITOR_URL,
    onPublished: (published) => backlog.acknowledged(published),
    log,
  });
  const allowances = new TokenBuckets(MESSAGES_PER_SECOND, MESSAGES_BURST);
  const mayPost = createMayPost(nats, config.CHANNEL_AUTO_CREATE);
  const typingTurns = new TokenBuckets(TYPING_PER_SECOND, TYPING_BURST);
  const announceTyping = createAnnounceTyping(
    createPublishTyping(nats),
    (userId, room) => typingTurns.take(`${userId} ${room}`, performance.now()) === 0,
    mayPost,
  );
  const accepting = {
    takeTurn: (userId: string) => (limits.isLimited ? allowances.take(userId, performance.now()) : 0),
    mayPost,
    now: isoNow,
    freshId: () => randomUUID(),
  };
  const postMessage = createPostMessage({
    ...accepting,
    append: createAppendMessage(publisher.publish, backlog, config.LOG_SHARDS),
  });
  const react = createReact({
    ...accepting,
    append: createAppendReaction(publisher.publish, backlog, config.LOG_SHARDS),
  });
  const { app, door } = await buildApp({
    identities,
    postMessage,
    announceTyping,
    react,
    markRead: createAskRead(nats),
    stored: new StoredReceipts(nats),
    limits,
    checks: { log: publisher.assertReady, auth: identities.check },
    metrics: createProducerMetrics(publisher, backlog, config.LOG_SHARDS),
    trustProxy: config.TRUST_PROXY,
    log,
  });
  onClose(() => app.close());
  onClose(() => publisher.close());
  onClose(() => door.drain());
  await app.listen({ host: config.HOST, port: config.PRODUCER_HTTP_PORT });
});
