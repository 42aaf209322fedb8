import "../http/history-routes.ts"; // ! noRestrictedImports
import "../../rooms/nats/read-exchange.ts"; // ! noRestrictedImports
import "../../http/page.ts"; // ! noRestrictedImports
import "../../wiring.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
