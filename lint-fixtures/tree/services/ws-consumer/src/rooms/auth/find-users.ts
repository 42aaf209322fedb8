import "node:crypto";
import "../change-rooms.ts";
import "@parley/proto/auth/v1/auth";
import "../http/room-routes.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
