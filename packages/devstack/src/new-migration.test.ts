import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeTempDir } from "./temp-dir.ts";

const SCRIPT = join(import.meta.dirname, "../scripts/new-migration.sh");

it("make new-migration makes the file with the next number, and refuses a bad name or one that is there", async () => {
  const folder = await makeTempDir("migrations");
  for (const name of ["0002_chat.sql", "0080_rooms.sql"]) writeFileSync(join(folder, name), "select 1;\n");
  const create = (name: string) => {
    const env = { PATH: process.env.PATH, NAME: name };
    const { status, stdout, stderr } = spawnSync(SCRIPT, [folder], { env, encoding: "utf8" });
    return [status, stdout + stderr];
  };
  for (const name of ["", "Room", "room topics", "../x", "x'; drop", "_x", "x_", "0x"])
    expect(create(name)).toEqual([1, expect.stringContaining("make new-migration NAME=room_topics")]);
  expect(create("rooms")).toEqual([1, "new-migration: 0080_rooms.sql has this name already\n"]);
  expect(readdirSync(folder)).toHaveLength(2);
  expect(create("room_topics")).toEqual([0, "migrations/0090_room_topics.sql\n"]);
  expect(readFileSync(join(folder, "0090_room_topics.sql"), "utf8")).toMatch(/^-- /);
  expect(create("x")).toEqual([0, "migrations/0100_x.sql\n"]);
});
