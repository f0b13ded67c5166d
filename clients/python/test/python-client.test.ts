import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorCatalogue, limits, timing } from "@deepbot/contract";
import { startChild, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { findProgram } from "@deepbot/testing/find-program";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../", import.meta.url));

async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<[number | null, string]> {
  const child = startChild(command, { args, cwd: folder, env: { PYTHONDONTWRITEBYTECODE: "1", ...env } });
  onTestFinished(() => child.kill());
  return [await child.exited, child.output()];
}

describe("the Python package on a server", () => {
  let database: ProcessDatabase;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createProcessDatabase();
    server = await startServerProcess({
      ...database.env,
      DIALOGS_PER_USER: "20",
      RETRY_BACKOFF_MS: "0",
      ADMIN_EMAILS: "operator@example.com",
      // So long that a stopped run ends only when its worker releases it.
      CANCEL_GRACE_MS: "600000",
    });
  });

  afterAll(async () => {
    await server?.stop();
    await database?.drop();
  });

  const modules = readdirSync(`${folder}tests`).filter((name) => name.startsWith("test_"));

  it.each(modules)("passes %s", async (name) => {
    const env = { PYTHONPATH: "src", DEEPBOT_URL: server.url, DEEPBOT_KEY: testKeys.messages };
    const [code, output] = await run("python3", ["-m", "unittest", `tests.${name.replace(".py", "")}`], env);
    expect(output).toMatch(/\nRan [1-9]\d* tests? in /);
    expect(code, output).toBe(0);
  });
});

const mypy = findProgram("mypy");

describe.runIf(mypy !== null)("the types of the Python package: needs mypy", () => {
  it("are strict and complete", async () => {
    const [code, output] = await run(mypy ?? "", ["--cache-dir", "/dev/null"]);
    expect(code, output).toBe(0);
  });
});

describe("the figures of the Python package", () => {
  const figure = (file: string, name: string): number => {
    const source = readFileSync(`${folder}src/deepbot/${file}.py`, "utf8");
    const [, digits] = new RegExp(String.raw`^${name} = ([\d_.]+)$`, "m").exec(source) ?? [];
    return Number(digits?.replaceAll("_", ""));
  };

  it("are the limits of packages/contract", () => {
    expect(figure("worker/serve_loop", "CLAIM_WAIT_MS")).toBe(limits.claimWaitMaxMs);
    expect(figure("worker/serve", "LEASE_MS")).toBe(limits.leaseDefaultMs);
    expect(figure("worker/delta_sender", "DELTA_MAX_CHARACTERS")).toBe(limits.deltaMaxCharacters);
    expect(figure("worker/text", "ANSWER_MAX_BYTES")).toBe(limits.answerMaxBytes);
    expect(figure("worker/lease", "CONFIRM_WITHIN_MS")).toBeGreaterThanOrEqual(limits.confirmWithinMinMs);
    expect(figure("client", "SILENCE_MAX_S") * 1_000).toBeGreaterThan(2 * timing.pingIntervalMs);
  });

  it("tell refusals apart as the error catalogue does", async () => {
    const errors = Object.entries(errorCatalogue).map(([code, { status, failure }]) => ({ code, status, failure }));
    const script = `
import json, os
from deepbot import DeepbotError
errors = [DeepbotError(each["code"], each["status"], "") for each in json.loads(os.environ["ERRORS"])]
print(json.dumps([[error.retryable, error.lease_lost] for error in errors]))`;
    const env = { PYTHONPATH: "src", ERRORS: JSON.stringify(errors) };
    const [code, output] = await run("python3", ["-c", script], env);
    expect(code, output).toBe(0);
    const classes = JSON.parse(output) as [boolean, boolean][];

    const actual = errors.map((error, index) => ({ ...error, classes: classes[index] }));
    const refusedReports = new Set([
      "delta_gap",
      "answer_too_long",
      "payload_too_large",
      "invalid_input",
      "key_refused",
    ]);
    for (const { code: name, failure, classes: [retryable, leaseLost] = [] } of actual) {
      expect(retryable, name).toBe(failure === "unavailable");
      if (failure === "lease_lost") expect(leaseLost, name).toBe(true);
      if (refusedReports.has(name)) expect(leaseLost, name).toBe(false);
    }
  });
});
