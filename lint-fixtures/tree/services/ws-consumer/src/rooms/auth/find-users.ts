import "node:crypto";
import "../http/room-routes.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
