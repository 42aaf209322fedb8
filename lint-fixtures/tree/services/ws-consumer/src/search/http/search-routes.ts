import "@parley/runtime/http";
import "../search.ts";
import "../../http/page.ts";
import "fastify";
import "typebox";
import "../nats/search-requests.ts"; // ! noRestrictedImports
import "../../rooms/http/room-routes.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
