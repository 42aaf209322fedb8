import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthFixture, callsOf, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture();
});
afterAll(async () => await auth?.close());

const grpc = (username: string, password: string, displayName = "") =>
  refusalOf(callsOf(auth.client).register({ username, password, displayName, clientAddress: "" }));

const post = async (path: string, body: object | Uint8Array<ArrayBuffer>, method = "POST", token = "") => {
  const answer = await fetch(`${auth.url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as { code?: string; path?: string; data: never },
  };
};

describe("E: an account, by HTTP and by gRPC alike", () => {
  it.each([
    ["guessed-1", "password", "", "/password"],
    ["guessed-2", "password123", "", "/password"],
    ["guessed-3", "        ", "", "/password"],
    ["guessed-44", "Guessed-44", "", "/password"],
    ["guessed-5", "\uFFFD".repeat(12), "", "/password"],
    ["admin", PASSWORD, "", "/username"],
    ["A.d.min", PASSWORD, "", "/username"],
    ["...", PASSWORD, "", "/username"],
    ["shown-1", PASSWORD, "\u3164", "/displayName"],
    ["shown-2", PASSWORD, "\u200B\u200B", "/displayName"],
    ["shown-3", PASSWORD, "a\u202Eb", "/displayName"],
    ["shown-4", PASSWORD, "two\u2028lines", "/displayName"],
  ])("is not made for %j, %j, %j: %s", async (username, password, displayName, path) => {
    expect(await grpc(username, password, displayName)).toMatchObject({
      status: status.INVALID_ARGUMENT,
      code: "bad_frame",
      path,
    });
    const body = { username, password, ...(displayName && { displayName }) };
    expect(await post("/register", body)).toMatchObject({ status: 400, body: { code: "bad_frame", path } });
  });

  it("may have testpass123 as its password, which no list has", async () => {
    expect(await post("/register", { username: "tester", password: "testpass123" })).toMatchObject({
      status: 201,
    });
  });

  it("does not change its password to a common one or to the username", async () => {
    await post("/register", { username: "changer-1", password: PASSWORD });
    const { body } = await post("/login", { username: "changer-1", password: PASSWORD });
    const { token } = body.data as { token: string };
    for (const newPassword of ["iloveyou", "changer-1", "\u200B".repeat(9)])
      expect(await post("/me/password", { oldPassword: PASSWORD, newPassword }, "PUT", token)).toMatchObject({
        status: 400,
        body: { code: "bad_frame", path: "/newPassword" },
      });
  });

  it("cannot be made or entered in an encoding other than UTF-8", async () => {
    const latin1 = (path: string) =>
      post(
        path,
        Uint8Array.from(
          Buffer.from('{"username":"latin","password":"\xe9\xe8\xea\xeb\xec\xed\xee\xef"}', "latin1"),
        ),
      );
    for (const path of ["/register", "/login"])
      expect(await latin1(path)).toMatchObject({ status: 400, body: { code: "bad_encoding" } });
    const replaced = { username: "latin", password: "\uFFFD".repeat(8) };
    expect(await post("/login", replaced)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  });
});
