import "ws";
import "../../http/page.ts";
import "../http/history-routes.ts"; // ! noRestrictedImports
import "fastify"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
