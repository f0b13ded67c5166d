import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../errors.ts";

/** Another live process holds the folder. The message is for the person who started the second one. */
export class FolderInUseError extends Error {
  constructor(folder: string, pid: number) {
    super(
      `The embedded database in ${folder} is in use by process ${pid}. It serves one process at a time: stop that one, ` +
        "or set DATABASE_URL to share a PostgreSQL server.",
    );
    this.name = "FolderInUseError";
  }
}

/** Start time of a process in clock ticks since boot. It tells a process from a later one with the same number. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function isAlive(holder: string): boolean {
  const [pid = "", started = ""] = holder.split(" ");
  if (!/^[1-9]\d*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  return started === startTime(Number(pid));
}

function tryLink(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves the file of a dead holder away, or puts it back if another process has taken the lock over meanwhile. */
function removeStale(lockFile: string, staleHolder: string): void {
  const aside = `${lockFile}.stale-${process.pid}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "utf8") !== staleHolder) tryLink(aside, lockFile);
  rmSync(aside, { force: true });
}

/**
 * Takes the lock file beside `folder`, also from a holder that has died. PGlite itself lets two processes write to one
 * folder, and then loses rows of both.
 *
 * @returns a function that releases the lock
 * @throws {FolderInUseError} while another process of this machine holds it
 * @see https://github.com/electric-sql/pglite/issues/1106
 */
export function lockFolder(folder: string): () => void {
  const lockFile = `${folder}.lock`;
  const own = `${lockFile}.${process.pid}`;
  mkdirSync(dirname(lockFile), { recursive: true });
  writeFileSync(own, `${process.pid} ${startTime(process.pid)}`);
  try {
    while (!tryLink(own, lockFile)) {
      const holder = readFileSync(lockFile, "utf8");
      if (isAlive(holder)) throw new FolderInUseError(folder, Number.parseInt(holder, 10));
      removeStale(lockFile, holder);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(lockFile, { force: true });
}
