import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";
import { sleep } from "@parley/runtime/deadline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const AUTH = "parley.auth.v1.AuthService";
const clientAddress = "";
let auth: AuthFixture;
let token: string;
beforeAll(async () => {
  // Hashes at their real cost: a flood of logins has to fill the queue.
  auth = await startAuthFixture({ NODE_ENV: "development" });
  await auth.calls.enroll("alice", PASSWORD);
  token = (await auth.calls.enter("alice", PASSWORD)).token;
});
afterAll(async () => await auth?.close());

/** More calls at once than the limit of registrations and the queue of the password process allow. */
async function flood(call: () => Promise<unknown>): Promise<unknown> {
  const calls = () => Promise.allSettled(Array.from({ length: 62 }, call));
  const first = calls();
  // Those that come at once are all admitted; later ones find that many wait.
  await sleep(300);
  const outcomes = (await Promise.all([first, calls()])).flat();
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  const full = reasons.find(({ code }: ServiceError) => code === status.RESOURCE_EXHAUSTED);
  throw full ?? reasons.at(-1);
}

/** ListRevocations with a time that is not a Date; the typed client cannot send it. */
function listSince(since: Timestamp): Promise<unknown> {
  const time = toBinary(TimestampSchema, since);
  const asIs = (value: Buffer) => value;
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from([0x0a, time.length, ...time]);
    auth.client.makeUnaryRequest(`/${AUTH}/ListRevocations`, asIs, asIs, bytes, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

const register = (username: string, password = PASSWORD) =>
  auth.calls.register({ username, password, displayName: "", clientAddress });
const changePassword = (oldPassword: string, newPassword: string, from = token) =>
  auth.calls.changePassword({ token: from, oldPassword, newPassword, clientAddress });

/** For each status that a method's comment names, a call that gets it. */
const REFUSED: Record<string, Record<string, () => Promise<unknown>>> = {
  Register: {
    ALREADY_EXISTS: () => register("alice"),
    INVALID_ARGUMENT: () => register("a"),
    RESOURCE_EXHAUSTED: () => flood(() => register("alice")),
  },
  Login: {
    UNAUTHENTICATED: () => auth.calls.enter("nobody", PASSWORD),
    RESOURCE_EXHAUSTED: () => flood(() => auth.calls.enter("nobody", PASSWORD)),
  },
  Refresh: { UNAUTHENTICATED: () => auth.calls.refresh({ refreshToken: "x" }) },
  Logout: { UNAUTHENTICATED: () => auth.calls.logout({ token: "", refreshToken: "" }) },
  VerifyToken: { UNAUTHENTICATED: () => auth.calls.verifyToken({ token: "x" }) },
  VerifyTokens: {
    INVALID_ARGUMENT: () => auth.calls.verifyTokens({ tokens: Array.from({ length: 101 }, () => "x") }),
  },
  GetUsers: { INVALID_ARGUMENT: () => auth.calls.getUsers({ ids: Array.from({ length: 101 }, () => "x") }) },
  UpdateProfile: {
    INVALID_ARGUMENT: () => auth.calls.updateProfile({ token, displayName: "" }),
    UNAUTHENTICATED: () => auth.calls.updateProfile({ token: "x", displayName: "Alice" }),
  },
  ChangePassword: {
    PERMISSION_DENIED: () => changePassword("wrong password", PASSWORD),
    INVALID_ARGUMENT: () => changePassword(PASSWORD, "short"),
    RESOURCE_EXHAUSTED: () => flood(() => changePassword("wrong password", PASSWORD)),
    UNAUTHENTICATED: () => changePassword(PASSWORD, PASSWORD, "x"),
  },
  ListSessions: { UNAUTHENTICATED: () => auth.calls.listSessions({ token: "x" }) },
  RevokeSession: {
    NOT_FOUND: () => auth.calls.revokeSession({ token, sessionId: "x" }),
    UNAUTHENTICATED: () => auth.calls.revokeSession({ token: "x", sessionId: "x" }),
  },
  ListRevocations: {
    INVALID_ARGUMENT: () => listSince(create(TimestampSchema, { seconds: 9_000_000_000_000_000n })),
  },
  GetJwks: {},
};

/** The statuses in the comment of each method in auth.proto. */
function documented(): Record<string, string[]> {
  const bytes = readFileSync(fileURLToPath(import.meta.resolve("@parley/proto/auth.binpb")));
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  const methods = createFileRegistry(set).getService(AUTH)?.methods ?? [];
  const source = set.file.find(({ name }) => name === "parley/auth/v1/auth.proto")?.sourceCodeInfo;
  const commentAt = (path: string) =>
    source?.location.find((at) => at.path.join() === path)?.leadingComments ?? "";
  // The path of a method in descriptor.proto: service (6) 0, method (2) index.
  return Object.fromEntries(
    methods.map(({ name }, index) => [
      name,
      (commentAt(`6,0,2,${index}`).match(/[A-Z_]+/g) ?? []).filter((word) => word in status),
    ]),
  );
}

it("J: names in auth.proto the statuses that each method answers", () => {
  const given = Object.entries(REFUSED).map(([name, refused]) => [name, Object.keys(refused).sort()]);
  const named = Object.entries(documented()).map(([name, statuses]) => [name, statuses.sort()]);
  expect(named).toEqual(given);
});

it.each(
  Object.entries(REFUSED).flatMap(([method, refused]) =>
    Object.entries(refused).map(([name, call]) => [method, name, call] as const),
  ),
)("%s answers %s", async (_method, name, call) => {
  expect(status[(await refusalOf(call())).status]).toBe(name);
});
