import "fastify";
import "./adapters/log/backlog.ts"; // ! noRestrictedImports
import "./config.ts"; // ! noRestrictedImports
