import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { proxyEnvironment, startChild } from "@deepbot/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startProxy } from "./support/proxy.ts";

const renderer = fileURLToPath(new URL("../render.sh", import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "deepbot-render-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Rendered {
  code: number | null;
  output: string;
  /** Of all files, joined. */
  text: string;
}

/** Renders for an nginx of the given version, else for the installed one. */
async function render(env: Record<string, string>, version?: string): Promise<Rendered> {
  const target = join(folder, "rendered");
  const environment = proxyEnvironment(folder, { BACKENDS: "backend:8000", ...env });
  if (version !== undefined) {
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin/nginx"), `#!/bin/sh\necho "nginx version: nginx/${version}" >&2\n`, {
      mode: 0o755,
    });
    environment["PATH"] = `${folder}/bin:${environment["PATH"] ?? ""}`;
  }
  const child = startChild(renderer, { args: [target], env: environment });
  const code = await child.exited;
  const names = await readdir(target, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith(".conf"));
  const texts = await Promise.all(files.map((name) => readFile(join(target, name), "utf8")));
  return { code, output: child.output(), text: texts.join("\n") };
}

describe("the configuration", () => {
  test("is accepted by the installed nginx without a warning", async () => {
    const proxy = await startProxy({ backends: ["127.0.0.1:1", "127.0.0.1:2"] });
    const child = startChild("nginx", {
      args: ["-t", "-e", "stderr", "-p", join(proxy.folder, "own/run"), "-c", "nginx.conf"],
      env: proxyEnvironment(proxy.folder, {}),
    });
    expect(await child.exited, child.output()).toBe(0);
    await proxy.stop();
    expect(proxy.child().output()).not.toMatch(/\[(?:warn|error|crit|alert|emerg)\]/);
  });

  test("has a health check that fails when nginx has stopped", async () => {
    const proxy = await startProxy({ backends: ["127.0.0.1:1"] });
    const isHealthy = async (): Promise<boolean> => {
      const env = { INTERNAL_PORT: String(proxy.ports.internal) };
      return (await startChild(join(proxy.folder, "nginx/healthcheck.sh"), { args: [], env }).exited) === 0;
    };
    expect(await isHealthy()).toBe(true);
    await proxy.child().stop();
    expect(await isHealthy()).toBe(false);
    await proxy.stop();
  });

  test.each([
    { version: "1.22.1", http2: "listen 8443 ssl http2;", directive: false, resolves: false },
    { version: "1.25.0", http2: "listen 8443 ssl http2;", directive: false, resolves: false },
    { version: "1.25.1", http2: "listen 8443 ssl;", directive: true, resolves: false },
    { version: "1.27.2", http2: "listen 8443 ssl;", directive: true, resolves: false },
    { version: "1.27.3", http2: "listen 8443 ssl;", directive: true, resolves: true },
    { version: "1.30.4", http2: "listen 8443 ssl;", directive: true, resolves: true },
  ])("fits nginx $version", async ({ version, http2, directive, resolves }) => {
    const { code, output, text } = await render({ RESOLVER: "127.0.0.11" }, version);
    expect(code, output).toBe(0);
    expect(text).toContain(http2);
    expect(text.includes("http2 on;")).toBe(directive);
    expect(
      text.includes("resolver 127.0.0.11 valid=5s ipv6=off; server backend:8000 max_fails=1 fail_timeout=3s resolve;"),
    ).toBe(resolves);
    expect(text.includes("server backend:8000 max_fails=1 fail_timeout=3s;")).toBe(!resolves);
    expect(text).not.toContain("{{");
  });

  test("lists every server", async () => {
    const { text } = await render({ BACKENDS: "10.0.0.1:8000 10.0.0.2:8000" });
    expect(text).toContain("server 10.0.0.1:8000 max_fails=1 fail_timeout=3s; server 10.0.0.2:8000 max_fails=1");
  });

  test("lists every balancer and every worker", async () => {
    const { text } = await render({ BALANCER_ADDRESSES: "10.0.0.1, 2001:db8::/32", WORKER_ADDRESSES: "198.51.100.7" });
    expect(text).toContain("set_real_ip_from 10.0.0.1; set_real_ip_from 2001:db8::/32;");
    expect(text).toContain("198.51.100.7 1;");
  });

  test.each([
    { deadline: "120000", seconds: 150 },
    { deadline: "3600000", seconds: 3630 },
  ])("waits longer than the answer deadline of $deadline ms", async ({ deadline, seconds }) => {
    expect((await render({ ANSWER_DEADLINE_MS: deadline })).text).toContain(`proxy_read_timeout ${seconds}s;`);
  });

  test.each([
    { SERVER_NAME: "" },
    { SERVER_NAME: "chat.example.org; return 200" },
    { SERVER_NAME: "chat|example" },
    { BACKENDS: "" },
    { BACKENDS: "backend:8000; include /etc/passwd" },
    { ANSWER_DEADLINE_MS: "2 minutes" },
    { REQUESTS_PER_SECOND: "many" },
    { REQUESTS_AT_ONCE: "1; return 200" },
    { WORKER_REQUESTS_PER_SECOND: "-1" },
    { WORKER_CONNECTIONS: "16k" },
    { BALANCER_ADDRESSES: "10.0.0.1; include /etc/passwd" },
    { WORKER_ADDRESSES: "worker|1" },
  ])("is refused with %o", async (env) => {
    const { code, output, text } = await render(env);
    expect(code).not.toBe(0);
    expect(output).toContain(Object.keys(env)[0]);
    expect(text).toBe("");
  });
});
