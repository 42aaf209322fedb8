import "@parley/socket/door"; // ! noRestrictedImports noUndeclaredDependencies
import "@parley/ws-producer/config"; // ! noRestrictedImports noUndeclaredDependencies
