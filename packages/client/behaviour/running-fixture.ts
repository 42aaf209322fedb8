import { afterAll, beforeAll } from "vitest";
import { Services } from "./stack-fixture.ts";

/** The services that all tests of a file share. */
export let services: Services;
beforeAll(async () => {
  services = await Services.start();
});
afterAll(() => services?.stop());
