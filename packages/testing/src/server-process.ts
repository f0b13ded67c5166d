import { hash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { startChild, type Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

/** Production would refuse a key that is readable. Every process of a test gets the same one. */
const keyFor = (purpose: string): string => hash("sha256", `deepbot tests: ${purpose}`, "base64url");

/** Keys of the servers in tests and in the demo. */
export const testKeys: Readonly<Record<"messages" | "health" | "jwt", string>> = {
  messages: keyFor("service key"),
  health: keyFor("health key"),
  jwt: keyFor("session secret"),
};

/** Rate limits that no test meets by accident. Tests of a limit set it themselves. */
export const highRateLimits: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "RATE_SIGN_INS_PER_MINUTE",
    "RATE_PUBLIC_PER_MINUTE",
    "RATE_REFUSALS_PER_MINUTE",
    "RATE_SENDS_PER_MINUTE",
    "RATE_CHANGES_PER_MINUTE",
    "RATE_EXPORTS_PER_HOUR",
    "RATE_READS_PER_MINUTE",
    "RATE_CLAIMS_PER_MINUTE",
    "RATE_REPORTS_PER_MINUTE",
    "RATE_OPERATORS_PER_MINUTE",
  ].map((name) => [name, "10000000"]),
);

export interface ServerProcess extends Child {
  /** Base address, without a slash at the end. */
  url: string;
  port: number;
}

const serverMain = fileURLToPath(new URL("../../../apps/server/src/main.ts", import.meta.url));

/**
 * Starts the real server on a free port and waits until it is ready. It is in development unless `env` says otherwise, and
 * rate limits are high.
 *
 * @param env must name the database: `DATABASE_URL`, or `DATABASE_FOLDER` for an embedded one
 * @param program the server's main module; by default its source
 * @throws with the server's output when it does not become ready
 */
export async function startServerProcess(
  env: Record<string, string>,
  program: { main: string; cwd?: string } = { main: serverMain },
): Promise<ServerProcess> {
  const port = env["PORT"] === undefined ? await freePort() : Number(env["PORT"]);
  const child = startChild(process.execPath, {
    args: [program.main],
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    env: {
      DEEPBOT_DEV: "true",
      HOST: "127.0.0.1",
      PORT: String(port),
      API_KEY_AI: testKeys.messages,
      HEALTH_SECRET_KEY: testKeys.health,
      SECRET_KEY_JWT: testKeys.jwt,
      ...highRateLimits,
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const isReady = async (): Promise<boolean> => {
    if (ended) throw new Error(`The server ended before it was ready:\n${child.output()}`);
    return fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  };
  try {
    await until("the server is ready", isReady, 60_000);
  } catch (error) {
    await child.kill();
    throw error;
  }
  return { ...child, url, port };
}
