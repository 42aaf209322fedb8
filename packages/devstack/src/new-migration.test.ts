import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REPOSITORY } from "./environment.ts";

const SCRIPT = join(REPOSITORY, "packages/devstack/scripts/new-migration.sh");

describe("make new-migration", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "parley-migrations-"));
    for (const name of ["0002_chat.sql", "0080_rooms.sql"]) writeFileSync(join(folder, name), "select 1;\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const create = (name: string) => {
    const env = { PATH: process.env.PATH, NAME: name };
    const { status, stdout, stderr } = spawnSync(SCRIPT, [folder], { env, encoding: "utf8" });
    return { status, stdout, stderr };
  };

  it("makes the file with the next number and says which", () => {
    expect(create("room_topics")).toEqual({
      status: 0,
      stdout: "migrations/0090_room_topics.sql\n",
      stderr: "",
    });
    expect(readFileSync(join(folder, "0090_room_topics.sql"), "utf8")).toMatch(/^-- /);
    expect(create("x").stdout).toBe("migrations/0100_x.sql\n");
  });

  it.each(["", "Room", "room topics", "../x", "x'; drop", "_x", "x_", "0x"])(
    "refuses the name %j",
    (name) => {
      const { status, stderr } = create(name);
      expect([status, stderr]).toEqual([1, expect.stringContaining("make new-migration NAME=room_topics")]);
      expect(readdirSync(folder)).toHaveLength(2);
    },
  );

  it("refuses a name that is there already", () => {
    const { status, stderr } = create("rooms");
    expect([status, stderr]).toEqual([1, "new-migration: 0080_rooms.sql has this name already\n"]);
    expect(readFileSync(join(folder, "0080_rooms.sql"), "utf8")).toBe("select 1;\n");
  });

  it("is listed by make help", () => {
    const { stdout } = spawnSync("make", ["help"], { cwd: REPOSITORY, encoding: "utf8" });
    expect(stdout).toMatch(/^ {2}new-migration +\S/m);
  });
});
