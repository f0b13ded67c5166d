import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "./support/planted-tree.ts";

interface Locked {
  name: string;
  version: string;
  /** The peers that this copy was installed with, as the lock file writes them. */
  peers: string;
}

const lockFile = readFileSync(join(repositoryRoot, "pnpm-lock.yaml"), "utf8");
const workspace = readFileSync(join(repositoryRoot, "pnpm-workspace.yaml"), "utf8");

/** What a section of the lock file lists: `packages` without peers, `snapshots` once for each set of peers. */
function readSection(section: "packages" | "snapshots"): Locked[] {
  const [, text = ""] = lockFile.split(new RegExp(`^${section}:\n`, "m"));
  const [own = ""] = text.split(/^(?=\S)/m);
  const keys = own.matchAll(/^ {2}'?(?<name>@?[^@'\s]+)@(?<version>[^('\s]+?)(?<peers>\(.*\))?'?:/gm);
  return [...keys].map(({ groups }) => ({
    name: groups?.["name"] ?? "",
    version: groups?.["version"] ?? "",
    peers: groups?.["peers"] ?? "",
  }));
}

const packages = readSection("packages");
const snapshots = readSection("snapshots");

function isAtLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, "en", { numeric: true }) >= 0;
}

/** The first version of each without a known vulnerability that would matter here, or the first that the code fits. */
const floors: [name: string, floor: string][] = [
  ["@trpc/server", "11.8.0"],
  ["drizzle-orm", "0.45.2"],
  ["jose", "6.0.0"],
  ["postgres", "3.4.9"],
  ["vite", "8.0.0"],
  ["zod", "4.0.0"],
];

describe("the lock file", () => {
  it("is read whole", () => {
    const entries = lockFile.split(/^packages:$/m)[1]?.match(/^ {2}\S.*:/gm) ?? [];
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.length + snapshots.length).toBe(entries.length);
  });

  it.each(floors)("holds %s at %s or newer", (name, floor) => {
    const versions = packages.filter((each) => each.name === name).map(({ version }) => version);
    expect(versions).not.toEqual([]);
    expect(versions.filter((version) => !isAtLeast(version, floor))).toEqual([]);
  });

  it.each(["zod", "@trpc/server"])("holds one copy of %s", (name) => {
    expect(snapshots.filter((each) => each.name === name)).toHaveLength(1);
  });

  it("takes every package from the registry", () => {
    expect(packages.filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))).toEqual([]);
    expect(lockFile.match(/^.*(\btarball:|\btype: git|\brepo:|:\/\/).*$/gm)).toBeNull();
  });
});

describe("an install", () => {
  it.each(["minimumReleaseAge: 4320", "blockExoticSubdeps: true", "trustPolicy: no-downgrade"])(
    "checks the lock file by the policy %s",
    (setting) => {
      expect(workspace).toMatch(new RegExp(`^${setting}( #.*)?$`, "m"));
    },
  );
});

describe("the order of versions", () => {
  it.each([
    ["11.22.1", "11.8.0", true],
    ["11.8.0", "11.8.0", true],
    ["11.7.9", "11.8.0", false],
    ["9.0.0", "11.8.0", false],
    ["0.45.10", "0.45.2", true],
  ])("%s is at least %s: %s", (version, floor, expected) => {
    expect(isAtLeast(version, floor)).toBe(expected);
  });
});
