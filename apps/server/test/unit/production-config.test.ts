import { hash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readConfig, readDatabaseConfig } from "../../src/config.ts";
import { databasePassword, findSecretProblem, ownSecret } from "../../src/config/secrets.ts";
import { productionEnv } from "../process/support/environment.ts";
import { complete, fileWith, problemsOf, secrets, without } from "./support/config.ts";

/** The same value for each of these settings. */
function equal(...names: readonly string[]): Record<string, string> {
  const value = randomBytes(32).toString("base64");
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe("in production, which is the default", () => {
  test("the whole environment is accepted", () => {
    expect(readConfig({ ...complete })).toMatchObject({
      production: true,
      secureCookie: true,
      allowedHosts: ["chat.example.org", "127.0.0.1"],
      issuer: { kind: "google" },
    });
  });

  test.each([
    {},
    { NODE_ENV: "development" },
    { NODE_ENV: "production" },
    { DEEPBOT_DEV: "false" },
    { DEEPBOT_DEV: "" },
  ])("nothing is accepted without settings: %j", (env) => {
    const problems = problemsOf(env);
    for (const name of required) expect(problems).toMatch(new RegExp(`^  - ${name} `, "m"));
    expect(problems).toMatch(/^ {2}- DATABASE_URL must be set/m);
  });

  test.each(["1", "yes", "TRUE", "True", "on", " true"])("DEEPBOT_DEV=%s is no development", (value) => {
    expect(problemsOf({ DEEPBOT_DEV: value })).toContain("DEEPBOT_DEV must be true or false");
    expect(problemsOf({ DEEPBOT_DEV: value })).toContain("API_KEY_AI must be set");
  });

  const required = [...secrets, "GOOGLE_CLIENT_ID", "ADDRESS_FRONT", "SECURE_HTTP_HTTPS", "ALLOWED_HOSTS"];

  test.each(required)("%s must be set", (name) => {
    expect(problemsOf(without(name))).toContain(name);
    expect(problemsOf({ ...complete, [name]: "" })).toContain(name);
  });

  const weak = [
    { name: "short", value: "qW3-short-zq" },
    { name: "31 bytes", value: randomBytes(16).toString("hex").slice(1) },
    { name: "the original's example for development", value: "dev-change-me" },
    { name: "the original's example for production", value: "prod-change-me" },
    { name: "the original's example of a JWT secret", value: "really-strong-secret" },
    { name: "the original's health key", value: "prod-health-key" },
    { name: "our development secret", value: "dev-secret-key-jwt" },
    { name: "an example made longer", value: "change-me-change-me-change-me-change-me" },
    { name: "one character over and over", value: "a".repeat(40) },
    { name: "one word over and over", value: "password".repeat(5) },
    { name: "one word, numbered", value: "password1password2password3password4" },
    { name: "two characters in turn", value: "ab".repeat(20) },
    { name: "coins tossed", value: "0110100110010110100101100110100101101001100101100110100110010110" },
    { name: "the alphabet", value: "abcdefghijklmnopqrstuvwxyzabcdefghijkl" },
    { name: "the digits of a system", value: "0123456789abcdef0123456789abcdef" },
    { name: "a long run of one character with an end", value: `${"0".repeat(60)}1a` },
    { name: "a date over and over", value: "2026-11-27-2026-11-28-2026-11-29-x" },
    { name: "half a secret twice", value: "Zq9xKw2pZq9xKw2pZq9xKw2pZq9xKw2p" },
  ];
  const weakCases = [...secrets, "SECRET_KEY_JWT_PREVIOUS"].flatMap((variable) =>
    weak.map((given) => ({ variable, ...given })),
  );

  test.each(weakCases)(
    "$variable is refused when it is $name, and its value is not repeated",
    ({ variable, value }) => {
      const problems = problemsOf({ ...complete, [variable]: value });
      expect(problems).toContain(`- ${variable} `);
      expect(problems).not.toContain(value);
      for (const other of secrets.filter((secret) => secret !== variable))
        expect(problems).not.toContain(`- ${other} `);
    },
  );

  test("a weak secret is refused in a file too", () => {
    const env = { ...without("API_KEY_AI"), API_KEY_AI_FILE: fileWith("dev-messages-key\n") };
    expect(problemsOf(env)).toContain("API_KEY_AI is still an example");
  });

  /** As good as random, and the same in every run: one in about a million would be refused. */
  const bytesOf = (count: number, at: number): Buffer => hash("sha256", `secret ${at}`, "buffer").subarray(0, count);

  const random = [
    {
      name: "32 bytes in hexadecimal digits",
      strength: ownSecret,
      make: (at: number) => bytesOf(32, at).toString("hex"),
    },
    { name: "32 bytes in base64", strength: ownSecret, make: (at: number) => bytesOf(32, at).toString("base64") },
    {
      name: "16 bytes in hexadecimal digits",
      strength: ownSecret,
      make: (at: number) => bytesOf(16, at).toString("hex"),
    },
  ];

  test.each(random)("of 10,000 random secrets of $name none is refused", { timeout: 60_000 }, ({ make, strength }) => {
    const made = Array.from({ length: 10_000 }, (_, at) => make(at));
    expect(made.filter((secret) => findSecretProblem(secret, strength) !== undefined)).toEqual([]);
  });

  test(
    "a database's password of 16 random digits is refused once in a thousand times at most",
    { timeout: 60_000 },
    () => {
      const made = Array.from({ length: 10_000 }, (_, at) => bytesOf(8, at).toString("hex"));
      const refused = made.filter((password) => findSecretProblem(password, databasePassword) !== undefined);
      expect(refused.length).toBeLessThanOrEqual(10);
    },
  );

  const pairs = [
    ["API_KEY_AI", "SECRET_KEY_JWT"],
    ["API_KEY_AI", "HEALTH_SECRET_KEY"],
    ["SECRET_KEY_JWT", "SECRET_KEY_JWT_PREVIOUS"],
    ["HEALTH_SECRET_KEY", "API_KEY_AI_PREVIOUS"],
  ] as const;

  test.each(pairs)("%s and %s must differ", (one, other) => {
    const problems = problemsOf({ ...complete, ...equal(one, other) });
    expect(problems).toContain(`${one} and ${other} have one value`);
    expect(problems.split("\n")).toHaveLength(3);
  });

  test("three equal secrets are told in one line", () => {
    const problems = problemsOf({ ...complete, ...equal(...secrets) });
    expect(problems).toContain("API_KEY_AI and SECRET_KEY_JWT and HEALTH_SECRET_KEY have one value");
    expect(problems.split("\n")).toHaveLength(3);
  });

  test.each(["false", "0", "no", "yes", "TRUE "])("the cookie must be secure: %s is refused", (value) => {
    expect(problemsOf({ ...complete, SECURE_HTTP_HTTPS: value })).toContain("SECURE_HTTP_HTTPS");
  });

  test.each(["true", "True", "1"])("SECURE_HTTP_HTTPS=%s is the original's yes", (value) => {
    expect(readConfig({ ...complete, SECURE_HTTP_HTTPS: value }).secureCookie).toBe(true);
  });

  const unfit = [
    { name: "GOOGLE_CLIENT_ID", value: "your-google-client-id" },
    { name: "ADDRESS_FRONT", value: "http://chat.example.org" },
    { name: "LOG_LEVEL", value: "silent" },
  ];

  test.each(unfit)("$name=$value is refused", ({ name, value }) => {
    expect(problemsOf({ ...complete, [name]: value })).toContain(`- ${name} `);
  });

  test("nobody but Google vouches for people", () => {
    const config = readConfig({ ...complete, GOOGLE_CERTIFICATES_URL: "http://127.0.0.1:1/certs" });
    expect(config.issuer).toEqual({ kind: "google", clientId: productionEnv["GOOGLE_CLIENT_ID"] });
  });

  test("the embedded database must be wanted", () => {
    expect(problemsOf({ ...productionEnv })).toContain("EMBEDDED_IN_PRODUCTION");
    expect(problemsOf({ ...productionEnv, EMBEDDED_IN_PRODUCTION: "false" })).toContain("EMBEDDED_IN_PRODUCTION");
    expect(readConfig({ ...productionEnv, EMBEDDED_IN_PRODUCTION: "true" }).database.engine).toBe("embedded");
  });

  const strong = encodeURIComponent(randomBytes(18).toString("base64"));
  const remote = [
    { name: "none on another machine", url: "postgres://bot@db.internal/chat" },
    { name: "an example", url: "postgres://bot:change-me@db.internal/chat" },
    { name: "an example, percent-encoded", url: "postgres://bot:%63hange-me-change-me-1@db.internal/chat" },
    { name: "an example on this machine", url: "postgres://bot:change-me@127.0.0.1/chat" },
    { name: "a short one", url: "postgres://bot:Zq9xKw2p@db.internal/chat" },
    { name: "one that repeats itself", url: "postgres://bot:postgrespostgres@db.internal/chat" },
    { name: "one that cannot be decoded", url: "postgres://bot:100%@db.internal/chat" },
  ];

  test.each(remote)("a database password is refused when it is $name", ({ url }) => {
    const problems = problemsOf({ ...complete, DATABASE_URL: url });
    expect(problems).toMatch(/^ {2}- DATABASE_URL (?:must hold|holds) a password/m);
    expect(problems).not.toMatch(/change-me|Zq9x|postgrespostgres|100%/);
    expect(() => readDatabaseConfig({ DATABASE_URL: url })).toThrow("DATABASE_URL");
  });

  test.each([
    `postgres://bot:${strong}@db.internal/chat`,
    "postgres://bot@127.0.0.1/chat",
    "postgres://bot@[::1]:5432/chat",
    "postgres://bot@%2Fvar%2Frun%2Fpostgresql/chat",
  ])("the database %s is accepted, and its migration needs no other secret", (url) => {
    expect(readConfig({ ...complete, DATABASE_URL: url }).database).toMatchObject({ engine: "postgres", url });
    expect(readDatabaseConfig({ DATABASE_URL: url })).toEqual({ engine: "postgres", url });
  });

  test("the passwords of the owner and of the direct address are judged like the server's own", () => {
    const url = `postgres://bot:${strong}@db.internal/chat`;
    const guessable = "postgres://bot:passwordpassword@db.internal/chat";
    const problems = problemsOf({
      ...complete,
      DATABASE_URL: url,
      DATABASE_DIRECT_URL: guessable,
      MIGRATION_DATABASE_URL: guessable,
    });
    expect(problems).toContain("DATABASE_DIRECT_URL holds a password that");
    expect(problems).toContain("MIGRATION_DATABASE_URL holds a password that");
  });

  test("a password in parts is judged like one in the address", () => {
    const five = { DATABASE_HOST: "db", DATABASE_NAME: "chat", DATABASE_USER: "bot" };
    expect(problemsOf({ ...productionEnv, ...five })).toContain("DATABASE_PASSWORD must hold a password");
    const example = { ...five, DATABASE_PASSWORD: "change-me" };
    expect(problemsOf({ ...productionEnv, ...example })).toContain("DATABASE_PASSWORD holds a password that is still");
    const own = { ...five, DATABASE_PASSWORD: productionEnv["API_KEY_AI"] ?? "" };
    expect(problemsOf({ ...productionEnv, ...own })).toContain("API_KEY_AI and DATABASE_PASSWORD have one value");
  });

  test("two values of each secret are valid, and the first signs", () => {
    const previous = secrets.map((name) => [name, randomBytes(32).toString("base64")] as const);
    const env = Object.fromEntries(previous.map(([name, value]) => [`${name}_PREVIOUS`, value]));
    const { serviceKeys, sessionSecrets, healthKeys } = readConfig({ ...complete, ...env });
    const expected = previous.map(([name, value]) => [productionEnv[name], value]);
    expect([serviceKeys, sessionSecrets, healthKeys]).toEqual(expected);
  });

  test("an empty file of a previous secret means that there is none", () => {
    const { serviceKeys } = readConfig({ ...complete, API_KEY_AI_PREVIOUS_FILE: fileWith("\n") });
    expect(serviceKeys).toEqual([productionEnv["API_KEY_AI"]]);
  });
});
