import "./adapters/http/message-routes.ts";
import "./application/post-message.ts";
import "fastify";
import "./adapters/log/backlog.ts"; // ! noRestrictedImports
import "./config.ts"; // ! noRestrictedImports
