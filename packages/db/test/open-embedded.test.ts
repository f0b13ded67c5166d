import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../src/open/open-database.ts";

describe("the folder of an embedded database", () => {
  let parent: string;
  let folder: string;
  let umask: number;

  beforeEach(() => {
    umask = process.umask(0);
    parent = mkdtempSync(join(tmpdir(), "deepbot-embedded-"));
    folder = join(parent, "data", "db");
  });
  afterEach(() => {
    process.umask(umask);
    rmSync(parent, { recursive: true });
  });

  /** Files and folders of the database that somebody else may read or write. */
  function findOpen(): string[] {
    const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(entries.length).toBeGreaterThan(500);
    return ["", ...entries].filter((entry) => (statSync(join(folder, entry)).mode & 0o077) !== 0);
  }

  it("is closed to other users with every file in it, and closed again when it was opened to them", async () => {
    mkdirSync(folder, { recursive: true });
    const beside = join(parent, "data", "other");
    writeFileSync(beside, "");
    const database = await openDatabase({ engine: "embedded", folder });
    await database.migrate();
    expect(findOpen()).toEqual([]);
    await database.close();

    for (const entry of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
      chmodSync(join(folder, entry), 0o777);
    }
    await (await openDatabase({ engine: "embedded", folder })).close();
    expect(findOpen()).toEqual([]);
    expect(statSync(beside).mode & 0o777).toBe(0o666);
  });
});
