import { highRateLimits, testKeys } from "@deepbot/testing";
import { readConfig, type Config } from "../../src/config.ts";

/** Signs people in with Google, as in production, and with certificates of the test's own. */
export interface GoogleOptions {
  clientId: string;
  certificatesUrl?: string;
}

/** The configuration of an app in this process, in development but for what `env` and `google` say. */
export function testConfig(env: Readonly<Record<string, string>>, google?: GoogleOptions): Config {
  const config = readConfig({
    DEEPBOT_DEV: "true",
    PORT: "0",
    API_KEY_AI: testKeys.messages,
    HEALTH_SECRET_KEY: testKeys.health,
    SECRET_KEY_JWT: testKeys.jwt,
    ...highRateLimits,
    ...env,
  });
  return google === undefined ? config : { ...config, issuer: { kind: "google", ...google } };
}
