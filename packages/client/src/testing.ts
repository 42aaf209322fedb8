export { createTestClock, type TestClock } from "./test-clock.ts";
export { TestServer } from "./test-server.ts";
