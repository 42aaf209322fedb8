import "./backlog.ts";
import "../../application/post-message.ts";
import "@parley/runtime/nats";
import "@nats-io/jetstream";
import "node:crypto";
import "../nats/ask.ts"; // ! noRestrictedImports
import "../../app.ts"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../metrics.ts"; // ! noRestrictedImports
import "fastify"; // ! noRestrictedImports
import "@parley/devstack/ports"; // ! noRestrictedImports
