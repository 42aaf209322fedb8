import "./postgres/outbox.ts";
import "@parley/devstack/ports";
import "../main.ts"; // ! noRestrictedImports
import "../../../auth/src/login.ts"; // ! noRestrictedImports
