import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "@deepbot/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { compose, environmentOf, interpolate, services, type Service } from "./support/compose.ts";
import { namesIn, read, repositoryRoot } from "./support/repository.ts";

/** Secrets: the bold names in the tables of settings. */
const secretNames = [read("README.md"), read("apps/ai-bridge/README.md")].flatMap((text) =>
  [...text.matchAll(/\*\*`([A-Z_]+)`\*\*/g)].map(([, name = ""]) => name),
);

/** Whether a service does its work and ends. */
const isTask = ({ healthcheck }: Service): boolean => "disable" in healthcheck;

describe.each(services)("%s", (_, service) => {
  test("has only the privileges that it needs", () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      restart: isTask(service) ? "no" : "unless-stopped",
    });
  });

  test("has limits on memory, processors, processes and logs", () => {
    const { cpus, memory, pids } = service.deploy.resources.limits;
    expect(cpus).toMatch(/^[\d.]+$/);
    expect(memory).toMatch(/^\d+[mg]$/);
    expect(pids).toBeGreaterThan(0);
    expect(service.logging).toEqual({ driver: "json-file", options: { "max-size": "10m", "max-file": "5" } });
  });

  test("has a health check that needs no shell", () => {
    if (isTask(service)) return;
    const command = "test" in service.healthcheck ? service.healthcheck.test : [];
    expect(command[0]).toBe("CMD");
    expect(command.join(" ")).not.toMatch(/curl|wget/);
  });

  test("runs a pinned version", () => {
    if (service.build === undefined) expect(service.image).toMatch(/^[\w/]+:v?\d[\w.-]*$/);
    else expect(existsSync(join(repositoryRoot, service.build.dockerfile))).toBe(true);
  });

  test("starts once the services that it needs are healthy, and the tasks that it needs are done", () => {
    for (const [name, { condition }] of Object.entries(service.depends_on)) {
      const needed = compose.services[name];
      if (needed === undefined) throw new Error(`There is no service ${name}.`);
      expect(condition).toBe(isTask(needed) ? "service_completed_successfully" : "service_healthy");
    }
  });

  test("gets its secrets as files", () => {
    const { environment } = service;
    expect(Object.keys(environment).filter((key) => secretNames.includes(key))).toEqual([]);
    const files = Object.entries(environment).filter(([key, value]) => key.endsWith("_FILE") && value !== null);
    for (const [, value] of files) expect(service.secrets).toContain(value?.replace("/run/secrets/", ""));
    for (const secret of service.secrets) expect(compose.secrets).toHaveProperty(secret);
  });

  test("uses existing networks and volumes", () => {
    for (const network of service.networks) expect(compose.networks).toHaveProperty(network);
    const named = service.volumes.map((volume) => volume.split(":")[0] ?? "");
    for (const volume of named.filter((path) => !path.startsWith("./"))) expect(compose.volumes).toHaveProperty(volume);
    for (const path of named.filter((volume) => volume.startsWith("./"))) {
      expect(existsSync(join(repositoryRoot, path))).toBe(true);
    }
  });
});

describe("networks", () => {
  const membersOf = (network: string): string[] =>
    services.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name);

  test("only nginx can be reached from outside", () => {
    expect(services.filter(([, { ports }]) => ports.length > 0).map(([name]) => name)).toEqual(["frontend"]);
  });

  test("only servers reach the database; nginx and workers reach servers only", () => {
    const members = Object.keys(compose.networks).map((network) => [network, membersOf(network)]);
    expect(Object.fromEntries(members)).toEqual({
      data: ["postgres", "migrate", "backend"],
      edge: ["backend", "frontend"],
      workers: ["backend", "ai-bridge"],
      certificates: ["certbot"],
    });
  });

  test("the database has no way out", () => {
    expect(compose.networks["data"]).toEqual({ internal: true });
  });
});

describe("settings", () => {
  const known = new Set([...namesIn(".env.production.example"), ...namesIn(".env.example")]);

  test("every variable of the compose file is in the example", () => {
    const asked = [...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  /** Names in the first column of the table of settings. */
  const settingsIn = (document: string): string[] => {
    const table = read(document).split("## Settings")[1] ?? "";
    const cells = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`([A-Z_]+)`/g)]);
    return cells.map(([, name = ""]) => name);
  };

  const givenTo = (service: string): string[] =>
    Object.keys(compose.services[service]?.environment ?? {}).map((name) => name.replace(/_FILE$/, ""));

  test("the servers get every setting of the table, except those that the image sets", () => {
    const addresses = ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_FOLDER"];
    const own = new Set(["HOST", "PORT", "DEEPBOT_DEV", "EMBEDDED_IN_PRODUCTION", ...addresses]);
    for (const name of ["URL", "USER", "PASSWORD"]) own.add(`MIGRATION_DATABASE_${name}`);
    const named = settingsIn("README.md");
    const given = givenTo("backend");
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !given.includes(name) && !own.has(name))).toEqual([]);
    expect(given.filter((name) => !named.includes(name))).toEqual([]);
  });

  test("the ai-bridge gets every setting of its table, except those that hold for one container", () => {
    // Each container has a name of its own, and compose says how long it may take to stop.
    const own = ["DEEPBOT_DEV", "WORKER_NAME", "WORKER_STOP_GRACE_MS"];
    expect([...givenTo("ai-bridge"), ...own].toSorted()).toEqual(settingsIn("apps/ai-bridge/README.md").toSorted());
  });

  test("the servers do not have the password of the database's owner", () => {
    const holders = services.filter(([, { secrets }]) => secrets.includes("database-password")).map(([name]) => name);
    expect(holders).toEqual(["postgres", "migrate"]);
    const { environment = {} } = compose.services["backend"] ?? {};
    expect(environment["DATABASE_USER"]).toBe(compose.services["migrate"]?.environment["DATABASE_USER"]);
    expect(environment["DATABASE_USER"]).toBe(compose.services["postgres"]?.environment["DATABASE_APP_USER"]);
    expect(environment["DATABASE_USER"]).not.toBe(compose.services["postgres"]?.environment["POSTGRES_USER"]);
  });

  test("nothing starts without a host name or a Google client", () => {
    const [backend] = services.filter(([name]) => name === "backend").map(([, service]) => service);
    if (backend === undefined) throw new Error("There is no service backend.");
    expect(() => environmentOf(backend, { SERVER_NAME: "chat.example.org" })).toThrow("GOOGLE_CLIENT_ID is not set");
    expect(() => environmentOf(backend, { GOOGLE_CLIENT_ID: "id" })).toThrow("SERVER_NAME is not set");
  });

  test("BACKEND_REPLICAS sets the number of servers", () => {
    const { replicas = "" } = compose.services["backend"]?.deploy ?? {};
    expect(interpolate(replicas, {})).toBe("2");
    expect(interpolate(replicas, { BACKEND_REPLICAS: "5" })).toBe("5");
  });
});

/** A folder of secrets, and how to run the programs that fill it. */
async function useSecrets() {
  const parent = await mkdtemp(join(tmpdir(), "deepbot-secrets-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, "secrets");
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const child = startChild(join(repositoryRoot, "docker", program), { args: [...args, folder], env: {} });
    if ((await child.exited) !== 0) throw new Error(child.output());
    return child.output();
  };
  const readAll = async (): Promise<Record<string, string>> => {
    const names = await readdir(folder);
    const entries = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return { folder, run, readAll };
}

describe("make-secrets.sh", () => {
  test("creates each secret once, in a private folder", async () => {
    const { folder, run, readAll } = await useSecrets();
    await run("make-secrets.sh");
    const made = await readAll();
    const files = Object.values(compose.secrets).map(({ file }) => file.replace("secrets/", ""));
    expect(Object.keys(made).toSorted()).toEqual(files.toSorted());
    const random = Object.values(made).filter((secret) => secret !== "");
    const empty = Object.keys(made).filter((name) => made[name] === "");
    expect(empty.filter((name) => !/^(?:openai-api-key|ai-bridge-keys)$|-previous$/.test(name))).toEqual([]);
    for (const secret of random) expect(secret.trim().length).toBeGreaterThanOrEqual(48);
    expect(new Set(random).size).toBe(5);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    // Their owner may write them anew; containers read them under other user ids.
    for (const name of Object.keys(made)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o644);
    await run("make-secrets.sh");
    expect(await readAll()).toEqual(made);
  });
});

describe("rotate-secret.sh", () => {
  test("makes a value, puts it first, and forgets the old one; other secrets stay", async () => {
    const { folder, run, readAll } = await useSecrets();
    await run("make-secrets.sh");
    const { "api-key-ai": old, "api-key-ai-previous": none, ...others } = await readAll();
    const rightsOfOthers = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o077;
    const rights = await rightsOfOthers("api-key-ai");
    expect(none).toBe("");
    await run("rotate-secret.sh", "begin", "api-key-ai");
    const begun = await readAll();
    const next = begun["api-key-ai-previous"];
    expect(next).toMatch(/^[\w+/=]{48}\n$/);
    expect(begun["api-key-ai"]).toBe(old);
    await run("rotate-secret.sh", "switch", "api-key-ai");
    expect(await readAll()).toEqual({ ...others, "api-key-ai": next, "api-key-ai-previous": old });
    await run("rotate-secret.sh", "finish", "api-key-ai");
    expect(await readAll()).toEqual({ ...others, "api-key-ai": next, "api-key-ai-previous": "" });
    for (const name of ["api-key-ai", "api-key-ai-previous"]) {
      expect(await rightsOfOthers(name)).toBe(rights);
    }
  });

  test.each([
    { name: "a switch without a new value", step: ["switch", "secret-key-jwt"], told: "begin one first" },
    { name: "an end without a beginning", step: ["finish", "secret-key-jwt"], told: "No rotation" },
    { name: "a second rotation of one secret", step: ["begin", "api-key-ai"], told: "finish it first" },
    { name: "a secret that has one value only", step: ["begin", "database-password"], told: "Usage" },
    { name: "a step that there is not", step: ["undo", "api-key-ai"], told: "Usage" },
  ])("refuses $name and changes nothing", async ({ step, told }) => {
    const { run, readAll } = await useSecrets();
    await run("make-secrets.sh");
    await run("rotate-secret.sh", "begin", "api-key-ai");
    const before = await readAll();
    await expect(run("rotate-secret.sh", ...step)).rejects.toThrow(told);
    expect(await readAll()).toEqual(before);
  });
});
