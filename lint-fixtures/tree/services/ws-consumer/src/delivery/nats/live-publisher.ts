import "../local-feed.ts";
import "../rules/place.ts";
import "../../writing/stored-feed.ts";
import "../../rooms/rules/rights.ts";
import "../../nats/answer-request.ts";
import "@nats-io/transport-node";
import "typebox/compile";
import "../http/history-routes.ts"; // ! noRestrictedImports
import "../../rooms/nats/read-exchange.ts"; // ! noRestrictedImports
import "../../http/page.ts"; // ! noRestrictedImports
import "../../wiring.ts"; // ! noRestrictedImports
import "../../../../ws-producer/src/application/react.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
