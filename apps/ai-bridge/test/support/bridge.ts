import { fileURLToPath } from "node:url";
import { startChild, testKeys, until, type Child } from "@deepbot/testing";
import { onTestFinished } from "vitest";
import { startModelServer, type Behaviour, type ModelServer } from "./model-server.ts";

const bridgeMain = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface Bridge extends Child {
  /** Waits until its log contains the text. */
  logs: (text: string) => Promise<void>;
  /** How often its log contains the text. */
  count: (text: string) => number;
}

/** Starts the bridge as a process of its own, until the end of the test. */
export function startBridge(url: string, env: Record<string, string> = {}): Bridge {
  const child = startChild(process.execPath, {
    args: [bridgeMain],
    env: { DEEPBOT_DEV: "true", DEEPBOT_URL: url, API_KEY_AI: testKeys.messages, ...env },
  });
  onTestFinished(() => child.kill());
  const count = (text: string): number => child.output().split(text).length - 1;
  return {
    ...child,
    count,
    logs: async (text) => {
      await until(`the bridge logs “${text}”`, () => count(text) > 0).catch((error: unknown) => {
        throw new Error(`The bridge did not log “${text}”:\n${child.output()}`, { cause: error });
      });
    },
  };
}

/** Starts a model and a bridge that uses it. */
export async function startBridgeWithModel(
  url: string,
  behave: Behaviour,
  env: Record<string, string> = {},
): Promise<{ bridge: Bridge; model: ModelServer }> {
  const model = await startModelServer(behave);
  onTestFinished(model.stop);
  const settings = { OPENAI_BASE_URL: model.baseUrl, OPENAI_MODEL: "tiny", OPENAI_MAX_RETRIES: "0" };
  return { model, bridge: startBridge(url, { ...settings, ...env }) };
}
