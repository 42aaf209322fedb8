import "./rooms/nats/access-board.ts";
import "@parley/devstack/ports"; // ! noRestrictedImports
console.log(process.env); // ! noConsole
