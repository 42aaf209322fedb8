import "../nats/ask.ts"; // ! noRestrictedImports
import "../../app.ts"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../metrics.ts"; // ! noRestrictedImports
import "fastify"; // ! noRestrictedImports
import "@parley/devstack/ports"; // ! noRestrictedImports
