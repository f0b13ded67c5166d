import { fileURLToPath } from "node:url";
import { startChild, testKeys, type Child } from "@deepbot/testing";

const serverMain = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** All that production asks for, the database left out. */
export const productionEnv: Readonly<Record<string, string>> = {
  DEEPBOT_DEV: "false",
  API_KEY_AI: testKeys.messages,
  SECRET_KEY_JWT: testKeys.jwt,
  HEALTH_SECRET_KEY: testKeys.health,
  GOOGLE_CLIENT_ID: "123-abc.apps.googleusercontent.com",
  ADDRESS_FRONT: "https://chat.example.org",
  ALLOWED_HOSTS: "chat.example.org,127.0.0.1",
  SECURE_HTTP_HTTPS: "true",
};

/** Starts the server with exactly this environment, without waiting for it. */
function startRawServer(env: Record<string, string>): Child {
  return startChild(process.execPath, { args: [serverMain], env: { HOST: "127.0.0.1", PORT: "0", ...env } });
}

/** A start that fails has this long to end the process. */
const patienceMs = 15_000;

/** What a start that must fail left behind; the code is null when the process had to be killed. */
export async function failToStart(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = startRawServer(env);
  const timer = setTimeout(() => child.signal("SIGKILL"), patienceMs);
  const code = await child.exited;
  clearTimeout(timer);
  return { code, output: child.output() };
}
