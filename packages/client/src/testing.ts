export { createTestClock, type TestClock } from "./test-clock.ts";
export { TestServer, type TestSocket } from "./test-server.ts";
