import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderInUseError, lockFolder } from "../../src/open/folder-lock.ts";

describe("the lock of an embedded database's folder", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "deepbot-lock-"));
    folder = join(parent, "db");
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("refuses a second holder, naming the first", () => {
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(FolderInUseError);
    expect(() => lockFolder(folder)).toThrow(`in use by process ${process.pid}`);
    unlock();
    lockFolder(folder)();
    expect(readdirSync(parent)).toEqual([]);
  });

  it("is taken over from a process that is gone", async () => {
    const gone = spawn(process.execPath, ["--version"]);
    await once(gone, "exit");
    writeFileSync(`${folder}.lock`, `${gone.pid} 123`);
    const unlock = lockFolder(folder);
    expect(readFileSync(`${folder}.lock`, "utf8")).toMatch(new RegExp(`^${process.pid} `));
    expect(readdirSync(parent)).toEqual(["db.lock"]);
    unlock();
  });

  it("is taken over from a process whose number another one has now", () => {
    writeFileSync(`${folder}.lock`, `${process.ppid} 1`);
    expect(() => lockFolder(folder)()).not.toThrow();
  });

  it("is taken over when its file holds nothing that names a process", () => {
    writeFileSync(`${folder}.lock`, "");
    expect(() => lockFolder(folder)()).not.toThrow();
  });
});
