import "@parley/protocol/codes";
import "@parley/runtime/log"; // ! noRestrictedImports
