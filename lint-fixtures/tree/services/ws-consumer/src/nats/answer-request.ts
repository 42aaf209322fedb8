import "../rooms/access.ts";
import "../rooms/rules/rights.ts";
import "../app.ts"; // ! noRestrictedImports
import "../config.ts"; // ! noRestrictedImports
import "../../../ws-producer/src/config.ts"; // ! noRestrictedImports
import "../rooms/nats/read-exchange.ts"; // ! noRestrictedImports
