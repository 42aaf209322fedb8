import "@parley/runtime/crash-point";
import "@parley/runtime/log"; // ! noRestrictedImports
import "./nats/jetstream-log.ts"; // ! noRestrictedImports
import "../rooms/http/room-routes.ts"; // ! noRestrictedImports
import "../http/page.ts"; // ! noRestrictedImports
import "../config.ts"; // ! noRestrictedImports
import "../wiring.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
import "node:fs"; // ! noRestrictedImports
