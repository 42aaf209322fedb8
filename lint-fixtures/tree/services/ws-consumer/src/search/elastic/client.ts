import "fastify"; // ! noRestrictedImports
import "../search.ts"; // ! noRestrictedImports
