import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describePostgres } from "@deepbot/db/testing";
import { signInPerson, startChild, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createEmbeddedDatabase, createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

async function build(): Promise<void> {
  const { scripts } = JSON.parse(readFileSync(`${packageFolder}package.json`, "utf8")) as {
    scripts: { build: string };
  };
  const [tool = "", ...args] = scripts.build.split(" ");
  expect(tool).toBe("rolldown");
  const child = startChild(process.execPath, {
    args: [`${packageFolder}node_modules/rolldown/bin/cli.mjs`, ...args],
    cwd: packageFolder,
    env: {},
  });
  expect(await child.exited, child.output()).toBe(0);
}

const startBundle = (env: Record<string, string>): Promise<ServerProcess> =>
  startServerProcess(env, { main: `${packageFolder}dist/server/main.js`, cwd: "/" });

beforeAll(build);

/** The bundle does what the source does: it serves its pages and keeps what it is told. */
function expectServes(database: () => Promise<ProcessDatabase>): void {
  let data: ProcessDatabase;
  let bundled: ServerProcess;

  beforeAll(async () => {
    data = await database();
    bundled = await startBundle(data.env);
  });

  afterAll(async () => {
    await bundled.kill();
    await data.drop();
  });

  const pages = [
    { path: "/docs", type: "text/html", holds: "swagger-ui" },
    { path: "/docs/init.js", type: "text/javascript", holds: "SwaggerUIBundle" },
    { path: "/docs/swagger-ui.css", type: "text/css", holds: ".swagger-ui" },
    { path: "/docs/swagger-ui-bundle.js", type: "text/javascript", holds: "SwaggerUIBundle" },
    { path: "/openapi.json", type: "application/json", holds: '"openapi":"3.1' },
  ];

  test.each(pages)("$path is served", async ({ path, type, holds }) => {
    const response = await fetch(bundled.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(type);
    expect(await response.text()).toContain(holds);
  });

  test("both transports work on the database", async () => {
    const ann = await signInPerson(bundled.url, "ann");
    expect((await ann.call("POST", "/dialogs/create", { dialog_name: "abc" })).status).toBe(200);
    expect((await ann.call("GET", "/trpc/auth.me")).status).toBe(200);
    expect((await ann.call("POST", "/dialogs/create", {})).status).toBe(422);
  });

  test("SIGTERM ends it with 0", async () => {
    expect(await bundled.stop()).toBe(0);
  });
}

describePostgres("the bundle on PostgreSQL", () => expectServes(createProcessDatabase));

describe("the bundle on an embedded database that it makes", () => expectServes(createEmbeddedDatabase));

test("the bundle holds no file of the tests and no secret of them", () => {
  const files = readdirSync(`${packageFolder}dist`, { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => /\.test\.|testing/.test(file))).toEqual([]);
  expect(readFileSync(`${packageFolder}dist/server/main.js`, "utf8")).not.toContain(testKeys.jwt);
});
