import "@parley/protocol/codes"; // ! noRestrictedImports noUndeclaredDependencies
