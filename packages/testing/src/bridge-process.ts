import { fileURLToPath } from "node:url";
import { startChild, type Child } from "./child.ts";
import { testKeys } from "./server-process.ts";

const bridgeMain = fileURLToPath(new URL("../../../apps/ai-bridge/src/main.ts", import.meta.url));

/** Starts the sample worker against a server. Without a model in `env` it answers by fixed rules. */
export function startBridgeProcess(serverUrl: string, env: Record<string, string> = {}): Child {
  return startChild(process.execPath, {
    args: [bridgeMain],
    env: { DEEPBOT_DEV: "true", DEEPBOT_URL: serverUrl, API_KEY_AI: testKeys.messages, ...env },
  });
}
