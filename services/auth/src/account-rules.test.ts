import { describe, expect, it } from "vitest";
import { COMMON_PASSWORDS } from "./common-passwords.ts";
import { reservedReason } from "./reserved-username.ts";
import { weaknessOf } from "./weak-password.ts";

describe("E: a password", () => {
  it.each([
    "password",
    "Password",
    "password123",
    "12345678",
    "qwertyuiop",
    "iloveyou",
    " ".repeat(8),
    "\u200B".repeat(8),
    "\u3164".repeat(8),
    "Wonderland",
    "\uFFFD".repeat(12),
    "pass\uFFFDword word",
  ])("%j is too easy to guess for wonderland", (password) => {
    expect(weaknessOf(password, "wonderland")).toEqual(expect.any(String));
  });

  it.each(["testpass123", "correct horse battery", "пароль-密码-🔑", "é".repeat(128), "alicealice"])(
    "%j is not for alice",
    (password) => {
      expect(weaknessOf(password, "alice")).toBeUndefined();
    },
  );

  it("is compared with a list of words of eight characters and more", () => {
    expect(COMMON_PASSWORDS.size).toBeGreaterThan(1_500);
    for (const word of COMMON_PASSWORDS) expect(word).toMatch(/^[\x21-\x7E]{8,}$/);
  });
});

describe("E: a username", () => {
  it.each(["admin", "Admin", "a.d.m.i.n", "_root_", "...", "---", "_._", "everyone", "ME."])(
    "%s is reserved",
    (name) => {
      expect(reservedReason(name)).toEqual(expect.any(String));
    },
  );

  it.each(["alice", "administer", "rooter", "a.b", "x-1", "owner", "bot-7"])("%s is free", (name) => {
    expect(reservedReason(name)).toBeUndefined();
  });
});
