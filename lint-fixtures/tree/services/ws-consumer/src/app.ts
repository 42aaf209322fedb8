import "./rooms/rules/rights.ts";
import "./http/page.ts";
import "./rooms/nats/access-board.ts"; // ! noRestrictedImports
import "./postgres/message-row.ts"; // ! noRestrictedImports
import "./wiring.ts"; // ! noRestrictedImports
import "postgres"; // ! noRestrictedImports
