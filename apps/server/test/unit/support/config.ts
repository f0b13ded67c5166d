import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { productionEnv } from "../../process/support/environment.ts";

export const secrets: readonly string[] = ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY"];

/** A database of this machine, which lets us in without a password. */
const localDatabase = "postgres://bot@127.0.0.1:5432/chat";

/** Settings that production accepts. */
export const complete: Readonly<Record<string, string>> = { ...productionEnv, DATABASE_URL: localDatabase };

export const development: Readonly<Record<string, string>> = { DEEPBOT_DEV: "true" };

/** A folder of its own until the end of the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "deepbot-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function fileWith(content: string): string {
  const path = join(makeFolder(), "secret");
  writeFileSync(path, content);
  return path;
}

/** The message of the refusal, empty when these settings are accepted. */
export function problemsOf(env: Readonly<Record<string, string>>): string {
  try {
    readConfig(env);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** What production accepts, without one setting. */
export function without(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(complete).filter(([key]) => key !== name));
}
