import "../main.ts"; // ! noRestrictedImports
import "../../../auth/src/login.ts"; // ! noRestrictedImports
