import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describePostgres } from "@deepbot/db/testing";
import { freePort, signInPerson, startChild, testKeys, until, type Child } from "@deepbot/testing";
import { createEmbeddedDatabase, createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

interface Bundled {
  url: string;
  child: Child;
}

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

async function startBundle(env: Record<string, string>): Promise<Bundled> {
  const port = await freePort();
  const child = startChild(process.execPath, {
    args: [`${packageFolder}dist/server/main.js`],
    cwd: "/",
    env: {
      PORT: String(port),
      API_KEY_AI: testKeys.messages,
      HEALTH_SECRET_KEY: testKeys.health,
      SECRET_KEY_JWT: testKeys.jwt,
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const isReady = async (): Promise<boolean> => {
    if (ended) throw new Error(`The bundle ended before it was ready:\n${child.output()}`);
    return fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  };
  await until("the bundle is ready", isReady, 60_000);
  return { url, child };
}

beforeAll(build);

/** The bundle does what the source does: it serves its pages and keeps what it is told. */
function expectServes(database: () => Promise<ProcessDatabase>): void {
  let data: ProcessDatabase;
  let bundled: Bundled;

  beforeAll(async () => {
    data = await database();
    bundled = await startBundle(data.env);
  });

  afterAll(async () => {
    await bundled.child.kill();
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

  test("both doors work on the database", async () => {
    const ann = await signInPerson(bundled.url, "ann");
    expect((await ann.call("POST", "/dialogs/create", { dialog_name: "abc" })).status).toBe(200);
    expect((await ann.call("GET", "/trpc/auth.me")).status).toBe(200);
    expect((await ann.call("POST", "/dialogs/create", {})).status).toBe(422);
  });

  test("SIGTERM ends it with 0", async () => {
    expect(await bundled.child.stop()).toBe(0);
  });
}

describePostgres("the bundle on PostgreSQL", () => expectServes(createProcessDatabase));

describe("the bundle on an embedded database that it makes", () => expectServes(createEmbeddedDatabase));

test("the bundle holds no file of the tests and no secret of them", () => {
  const files = readdirSync(`${packageFolder}dist`, { recursive: true, encoding: "utf8" });
  expect(files.filter((file) => /\.test\.|testing/.test(file))).toEqual([]);
  expect(readFileSync(`${packageFolder}dist/server/main.js`, "utf8")).not.toContain(testKeys.jwt);
});
