type Values = Readonly<Record<string, string>>;

/**
 * Defaults of a server in development. The keys are published, and so worth nothing: they are safe only because such a
 * server can be reached from its own machine alone.
 */
export const developmentDefaults: Values = {
  API_KEY_AI: "dev-messages-key",
  SECRET_KEY_JWT: "dev-secret-key-jwt",
  HEALTH_SECRET_KEY: "dev-health-key",
  ADDRESS_FRONT: "http://localhost:5173",
  ADMIN_EMAILS: "operator@example.com",
};

const loopbackAddresses = ["127.0.0.1", "::1", "localhost"];

/** Names under which a browser reaches its own machine and nothing else. */
export const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Names that nobody can register, so that no page of an attacker can point them at this machine (DNS rebinding).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6761#section-6
 */
const reservedName = /(?:^|\.)(?:localhost|test|example|invalid|example\.(?:com|net|org))$/;

const isOwnName = (host: string): boolean => loopbackHosts.includes(host) || reservedName.test(host);

/** What development must not be combined with: it signs anybody in and its keys are known. */
export function findDevelopmentProblems(given: Values, allowedHosts: readonly string[]): string[] {
  const problems: string[] = [];
  const host = given["HOST"];
  if (host !== undefined && !loopbackAddresses.includes(host)) {
    problems.push("HOST must be 127.0.0.1, ::1 or localhost with DEEPBOT_DEV=true: it signs anybody in");
  }
  if (given["GOOGLE_CLIENT_ID"] !== undefined) {
    problems.push("GOOGLE_CLIENT_ID must not be set with DEEPBOT_DEV=true: it signs people in without Google");
  }
  if (!allowedHosts.every(isOwnName)) {
    problems.push("ALLOWED_HOSTS must hold only reserved names, such as chat.test, with DEEPBOT_DEV=true");
  }
  return problems;
}
