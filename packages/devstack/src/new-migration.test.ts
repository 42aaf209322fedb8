import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { REPOSITORY } from "./environment.ts";
import { makeTempDir } from "./temp-dir.ts";

const SCRIPT = join(REPOSITORY, "packages/devstack/scripts/new-migration.sh");

describe("make new-migration", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await makeTempDir("migrations");
    for (const name of ["0002_chat.sql", "0080_rooms.sql"]) writeFileSync(join(folder, name), "select 1;\n");
  });

  const create = (name: string) => {
    const env = { PATH: process.env.PATH, NAME: name };
    return spawnSync(SCRIPT, [folder], { env, encoding: "utf8" });
  };

  it("makes the file with the next number and says which", () => {
    const made = { status: 0, stdout: "migrations/0090_room_topics.sql\n", stderr: "" };
    expect(create("room_topics")).toMatchObject(made);
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
