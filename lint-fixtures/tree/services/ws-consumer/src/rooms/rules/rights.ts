import "../../writing/rules/place.ts";
import "../access.ts"; // ! noRestrictedImports
import "@parley/protocol/codes"; // ! noRestrictedImports
import "node:crypto"; // ! noRestrictedImports
