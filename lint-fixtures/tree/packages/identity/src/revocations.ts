import "@parley/proto/auth/v1/auth";
import "@parley/runtime/log";
import "@parley/socket/door"; // ! noRestrictedImports noUndeclaredDependencies
import "@parley/ws-producer/config"; // ! noRestrictedImports noUndeclaredDependencies
