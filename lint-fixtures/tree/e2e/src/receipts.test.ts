import "../../services/ws-consumer/src/writing/write-shard.ts"; // ! noRestrictedImports
import "@parley/ws-producer/config"; // ! noRestrictedImports
