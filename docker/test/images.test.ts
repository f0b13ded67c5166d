import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { freePort, startChild, until, type Child } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, writeContext } from "./support/build.ts";
import { compose, environmentOf, type Service } from "./support/compose.ts";
import { makeImage, type Image } from "./support/image.ts";
import { repositoryRoot } from "./support/repository.ts";

const dotEnv = {
  SERVER_NAME: "chat.example.org",
  GOOGLE_CLIENT_ID: "123-abc.apps.googleusercontent.com",
  DATABASE_NAME: "appdb",
  DATABASE_USER: "app",
};

function serviceOf(name: string): Service {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`There is no service ${name}.`);
  return service;
}

/** The environment that compose gives to a service, with paths to the secrets of the test. */
function settingsOf(name: string, { secrets }: Image): Record<string, string> {
  const entries = Object.entries(environmentOf(serviceOf(name), dotEnv));
  return Object.fromEntries(entries.map(([key, value]) => [key, value.replace("/run/secrets", secrets)]));
}

/** A role of its own for the servers, as the compose file has one. */
const role = `deepbot_app_${randomUUID().replaceAll("-", "")}`;

function databaseSettings({ url }: TestPostgres): Record<string, string> {
  const { hostname, port, pathname } = new URL(url);
  return {
    DATABASE_HOST: hostname,
    DATABASE_PORT: port,
    DATABASE_USER: role,
    DATABASE_NAME: pathname.slice(1),
  };
}

/** Creates the role as the container of PostgreSQL does, and has the owner grant its rights. */
async function prepareDatabase({ url }: TestPostgres, server: Image): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const script = startChild(join(repositoryRoot, "docker/create-app-role.sh"), {
    args: [],
    env: {
      PGHOST: hostname,
      PGPORT: port,
      PGPASSWORD: password,
      POSTGRES_USER: username,
      POSTGRES_DB: pathname.slice(1),
      DATABASE_APP_USER: role,
      DATABASE_APP_PASSWORD_FILE: join(server.secrets, "database-app-password"),
    },
  });
  if ((await script.exited) !== 0) throw new Error(script.output());
  const migration = server.run(serviceOf("migrate").command ?? [], {
    ...settingsOf("migrate", server),
    ...databaseSettings({ url, drop: async () => {} }),
    MIGRATION_DATABASE_USER: username,
  });
  if ((await migration.exited) !== 0) throw new Error(migration.output());
}

describePostgres("the images of the server and the ai-bridge", () => {
  let database: TestPostgres;
  let server: Image;
  let bridge: Image;
  let running: Child;
  let url: string;

  const isHealthy = async (image: Image, address: string): Promise<boolean> =>
    (await image.run(["node", "healthcheck.mjs", address], {}).exited) === 0;

  beforeAll(async () => {
    database = await createTestPostgres();
    server = await makeImage("server");
    bridge = await makeImage("ai-bridge");
    await prepareDatabase(database, server);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    running = server.run(server.built.command, {
      ...settingsOf("backend", server),
      ...databaseSettings(database),
      HOST: "127.0.0.1",
      PORT: String(port),
    });
    await until("the server is healthy", () => isHealthy(server, `${url}/readyz`)).catch((error: unknown) => {
      throw new Error(running.output(), { cause: error });
    });
  });

  afterAll(async () => {
    await running.kill();
    server.remove();
    bridge.remove();
    await database.drop();
  });

  test("the server runs in production mode: JSON logs, no development sign-in, only the given host names", async () => {
    expect(JSON.parse(running.output().split("\n")[0] ?? "")).toMatchObject({ event: "listening" });
    expect((await fetch(`${url}/dev/google-token`, { method: "POST" })).status).toBe(404);
    expect((await fetch(url.replace("127.0.0.1", "localhost") + "/config")).status).toBe(421);
  });

  test.each(["/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/openapi.json"])(
    "the server's image serves %s",
    async (path) => {
      expect((await fetch(url + path)).status).toBe(200);
    },
  );

  test("the image contains no sources, tests or tools", () => {
    for (const path of ["src", "test", "node_modules/.pnpm", "node_modules/typescript", ".env"]) {
      expect(existsSync(join(server.built.folder, path))).toBe(false);
    }
    const { name } = JSON.parse(readFileSync(join(server.built.folder, "package.json"), "utf8")) as { name: string };
    expect(name).toBe("@deepbot/server");
  });

  test("the ai-bridge works with the server and stops on SIGTERM", async () => {
    const child = bridge.run(bridge.built.command, {
      ...settingsOf("ai-bridge", bridge),
      DEEPBOT_URL: url,
      API_KEY_AI_FILE: join(server.secrets, "api-key-ai"),
    });
    await until("the bridge has started", () => child.output().includes('"event":"started"'));
    expect(await isHealthy(bridge, `${url}/readyz`)).toBe(true);
    expect(await child.stop(), child.output()).toBe(0);
    expect(child.output()).not.toMatch(/"level":(?:"(?:warn|error)"|[45]0)/);
  });

  // This test comes last: it stops the server.
  test("the health check fails when the server has stopped", async () => {
    expect(await isHealthy(server, `${url}/health`)).toBe(false);
    expect(await running.stop()).toBe(0);
    expect(await isHealthy(server, `${url}/readyz`)).toBe(false);
  });
});

describe("the image of nginx", () => {
  test("contains the built web client", async () => {
    const work = mkdtempSync(join(tmpdir(), "deepbot-image-"));
    const context = join(work, "context");
    writeContext(context);
    const { folder } = await buildImage("docker/web.Dockerfile", { context, work, last: "built" });
    expect(readFileSync(join(folder, "image/pages/index.html"), "utf8")).toContain("/assets/");
    rmSync(work, { recursive: true, force: true });
  });
});
