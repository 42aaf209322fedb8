import "../../services/ws-consumer/src/writing/write-shard.ts";
import "@parley/devstack/ports";
import "../../services/ws-consumer/src/main.ts"; // ! noRestrictedImports
