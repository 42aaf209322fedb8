import "./room.ts";
import "@parley/protocol/codes"; // ! noRestrictedImports
import "typebox"; // ! noRestrictedImports
import "node:crypto"; // ! noRestrictedImports
import "../application/react.ts"; // ! noRestrictedImports
