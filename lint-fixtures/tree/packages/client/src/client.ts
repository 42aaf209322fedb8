import "@parley/protocol/codes";
import "@parley/runtime/log"; // ! noRestrictedImports
import "../../runtime/src/log.ts"; // ! noRestrictedImports
