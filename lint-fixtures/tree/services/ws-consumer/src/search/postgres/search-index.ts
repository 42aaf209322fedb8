import "postgres";
import "../../delivery/postgres/history.ts"; // ! noRestrictedImports
import "@nats-io/jetstream"; // ! noRestrictedImports
import "../../config.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
