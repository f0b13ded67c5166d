import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { apiReport } from "../../scripts/api-report.ts";
import { mintToken } from "./support/platform.ts";
import { compileHere, createStrictProject, packageFolder, type StrictProject } from "./support/strict-project.ts";

let database: ProcessDatabase;
let server: ServerProcess;
let project: StrictProject;

const files = ["person.ts", "mistakes.ts", "page.ts"].map((name) => `packages/client/test/platform/project/${name}`);

beforeAll(async () => {
  database = await createProcessDatabase();
  [server, project] = await Promise.all([
    startServerProcess(database.env),
    createStrictProject([...files, "examples/typescript-worker/worker.ts"]),
  ]);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
  await project?.remove();
});

test("brings no other package along", () => {
  expect(project.manifest).not.toHaveProperty("dependencies");
  expect(project.installed).toEqual(["@deepbot"]);
  expect(JSON.stringify(project.manifest)).not.toContain("workspace:");
  expect(project.manifest).toMatchObject({ version: "0.1.0", license: "MIT", engines: { node: ">=22" } });
});

test("compiles strictly and answers a person, without a file of the repository", async () => {
  await project.add("@types/node");
  const sources = ["person.ts", "worker.ts", "mistakes.ts"];
  expect(await project.compile(sources, { exactOptionalPropertyTypes: true })).toBe("");
  const { folder } = project;
  const worker = startChild(process.execPath, {
    args: [join(folder, "built/worker.js")],
    env: { DEEPBOT_URL: server.url, DEEPBOT_KEY: testKeys.messages },
  });
  onTestFinished(() => worker.kill());

  const token = await mintToken(server.url);
  const person = startChild(process.execPath, { args: [join(folder, "built/person.js"), server.url, token], env: {} });
  expect(await person.exited, person.output()).toBe(0);
  const printed: unknown = JSON.parse(person.output().trim().split("\n").at(-1) ?? "");
  expect(printed).toEqual({
    answer: "Hello from TypeScript! You wrote: Hello",
    refusal: { kind: "lease_lost", code: "run_not_found" },
  });

  worker.signal("SIGTERM");
  expect(await worker.exited, worker.output()).toBe(0);
  expect(worker.output()).toContain("Stopping on SIGTERM");
});

test("compiles in a page that uses the AI SDK", async () => {
  // The declarations of `ai` name types of Node and of JSON Schema, and do not hold under exactOptionalPropertyTypes.
  await project.add("ai", "@ai-sdk/react", "react", "@types/react", "@types/json-schema");
  expect(await project.compile(["page.ts"], { lib: ["es2024", "dom"], noEmit: true })).toBe("");
});

test("has the types of the server's router", async () => {
  expect(await compileHere("test/platform/project/assignable.ts")).toBe("");
});

test("has the public types that are committed", async () => {
  const advice =
    "The public types of @deepbot/client have changed. Run `pnpm --filter @deepbot/client run api:write`, look at the diff of packages/client/api.txt, and raise the version if callers must change.";
  const committed = await readFile(join(packageFolder, "api.txt"), "utf8");
  expect(apiReport(join(packageFolder, "dist")), advice).toBe(committed);
});

test("has a command that npx finds", async () => {
  const command = startChild("npx", { args: ["--no", "@deepbot/client", "worker"], cwd: project.folder, env: {} });
  expect(await command.exited).toBe(2);
  expect(command.output()).toContain("--exec must name a command that answers.");
});
