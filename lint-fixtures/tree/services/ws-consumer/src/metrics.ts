import "./search/postgres/search-index.ts";
import "./main.ts"; // ! noRestrictedImports
import "../../ws-producer/src/config.ts"; // ! noRestrictedImports
import "@parley/ws-producer/config"; // ! noRestrictedImports noUndeclaredDependencies
