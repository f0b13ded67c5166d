import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild, until, type Child } from "@deepbot/testing";
import { expect, onTestFinished, test } from "vitest";
import { compose, environmentOf } from "./support/compose.ts";
import { read, repositoryRoot } from "./support/repository.ts";

/** What the example of `.env` says. */
const [, configPath = ""] = /^# AI_BRIDGE_CONFIG=(.+)$/m.exec(read(".env.production.example")) ?? [];

interface Mounts {
  /** Stands for `/run/secrets`. */
  secrets: string;
  /** Stands for the folder that the compose file mounts. */
  settings: string;
}

async function makeMounts(): Promise<Mounts> {
  const work = await mkdtemp(join(tmpdir(), "deepbot-bridge-"));
  onTestFinished(() => rm(work, { recursive: true, force: true }));
  const secrets = join(work, "secrets");
  const made = startChild(join(repositoryRoot, "docker/make-secrets.sh"), { args: [secrets], env: {} });
  expect(await made.exited, made.output()).toBe(0);
  return { secrets, settings: work };
}

/** Starts the bridge with what the compose file gives it; the paths of its mounts lead to those of the test. */
function startBridge({ secrets, settings }: Mounts, dotEnv: Record<string, string>): Child {
  const service = compose.services["ai-bridge"];
  if (service === undefined) throw new Error("There is no service ai-bridge.");
  const [source = "", target = ""] = service.volumes[0]?.split(":") ?? [];
  expect(source).toBe("./docker/ai-bridge");
  const mounted = Object.entries(environmentOf(service, dotEnv)).map(([name, value]) => [
    name,
    value.replace("/run/secrets", secrets).replace(target, settings),
  ]);
  const child = startChild(process.execPath, {
    args: [join(repositoryRoot, "apps/ai-bridge/src/main.ts")],
    // Nothing listens there: the bridge starts and waits for the platform.
    env: { ...Object.fromEntries(mounted), DEEPBOT_URL: "http://127.0.0.1:1", WORKER_NAME: "w" },
  });
  onTestFinished(() => child.kill());
  return child;
}

test("without AI_BRIDGE_CONFIG the bridge serves all assistants by its rules", async () => {
  const bridge = startBridge(await makeMounts(), {});
  await until("the bridge has started", () => bridge.output().includes('"event":"started"'));
  expect(JSON.parse(bridge.output().split("\n")[0] ?? "")).toMatchObject({ assistant: null, answerer: "demo rules" });
});

test("with AI_BRIDGE_CONFIG it serves the assistants of the mounted file, with the keys of one secret", async () => {
  const mounts = await makeMounts();
  const example = join(repositoryRoot, "docker/ai-bridge/assistants.example.json");
  await copyFile(example, join(mounts.settings, "assistants.json"));

  const keyless = startBridge(mounts, { AI_BRIDGE_CONFIG: configPath });
  expect(await keyless.exited).toBe(1);
  expect(keyless.output()).toContain("ANALYST_API_KEY must be set: AI_BRIDGE_CONFIG names it as a key");

  await writeFile(join(mounts.secrets, "ai-bridge-keys"), "ANALYST_API_KEY=sk-of-the-test\n");
  const bridge = startBridge(mounts, { AI_BRIDGE_CONFIG: configPath });
  const { assistants } = JSON.parse(await readFile(example, "utf8")) as { assistants: { slug: string }[] };
  for (const { slug } of assistants) {
    await until(`${slug} is served`, () => bridge.output().includes(`"worker":"w/${slug}"`));
  }
  expect(bridge.output()).not.toContain("sk-of-the-test");
});
