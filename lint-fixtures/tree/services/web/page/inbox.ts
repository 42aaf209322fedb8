import { createParley } from "@parley/client";
import { shareTabs } from "@parley/client/tabs";
import { BODY_LENGTH_MAX } from "@parley/protocol/limits"; // ! noRestrictedImports noUndeclaredDependencies

export const parley = createParley({ url: "https://chat.example", tabs: shareTabs() });
export const limit = BODY_LENGTH_MAX;
export const answer = fetch("/api/v1/rooms"); // ! noRestrictedGlobals
