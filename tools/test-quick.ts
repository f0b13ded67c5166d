import { execFileSync, spawnSync } from "node:child_process";

/** They take seconds, and most changes could break them. */
const always = ["unit", "client", "runtime", "web", "api"];

/** By the folder that a change lies in. Suites that take longer, or need a browser, nginx or Docker, are for the whole run. */
const projectsOf: Readonly<Record<string, string>> = {
  "packages/client": "client-platform",
  "packages/db": "db",
  "packages/live": "live",
  "apps/server": "server",
  "apps/ai-bridge": "ai-bridge",
  "apps/demo": "demo",
  "clients/python": "python",
};

function listFiles(...args: string[]): string[] {
  return execFileSync("git", args, { encoding: "utf8" }).split("\n");
}

/** What is not committed yet. */
function listChangedFiles(): string[] {
  return [...listFiles("diff", "--name-only", "HEAD"), ...listFiles("ls-files", "--others", "--exclude-standard")];
}

function selectProjects(changedFiles: readonly string[]): string[] {
  const changed = Object.entries(projectsOf).filter(([folder]) =>
    changedFiles.some((file) => file.startsWith(`${folder}/`)),
  );
  return [...always, ...changed.map(([, project]) => project)];
}

const args = selectProjects(listChangedFiles()).flatMap((project) => ["--project", project]);
const { status } = spawnSync("vitest", ["run", ...args], {
  stdio: "inherit",
  env: { ...process.env, TEST_ENGINES: "one" },
});
process.exitCode = status ?? 1;
