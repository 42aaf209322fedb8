import "fastify";
import "../nats/search-requests.ts"; // ! noRestrictedImports
import "../../rooms/http/room-routes.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
