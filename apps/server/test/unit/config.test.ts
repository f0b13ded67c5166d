import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { productionEnv } from "../process/support/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "deepbot-config-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(content: string): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, content);
  return path;
}

function problemsOf(env: Record<string, string>): string {
  try {
    readConfig(env);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(productionEnv).filter(([key]) => key !== name));

const secrets = ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY"];

describe("in production", () => {
  test("the whole environment is accepted", () => {
    expect(readConfig({ ...productionEnv })).toMatchObject({
      production: true,
      secureCookie: true,
      issuer: { kind: "google" },
    });
  });

  const required = [...secrets, "GOOGLE_CLIENT_ID", "ADDRESS_FRONT", "SECURE_HTTP_HTTPS"];

  test.each(required)("%s must be set", (name) => {
    expect(problemsOf(without(name))).toContain(name);
    expect(problemsOf({ ...productionEnv, [name]: "" })).toContain(name);
  });

  const weak = [
    { name: "short", value: "qW3-short-zq" },
    { name: "31 bytes", value: "Zq9x".repeat(7) + "abc" },
    { name: "the original's example for development", value: "dev-change-me" },
    { name: "the original's example for production", value: "prod-change-me" },
    { name: "the original's example of a JWT secret", value: "really-strong-secret" },
    { name: "the original's health key", value: "prod-health-key" },
    { name: "our development secret", value: "dev-secret-key-jwt" },
    { name: "an example made longer", value: "change-me-change-me-change-me-change-me" },
    { name: "one character over and over", value: "a".repeat(40) },
  ];
  const weakCases = secrets.flatMap((variable) => weak.map((given) => ({ variable, ...given })));

  test.each(weakCases)(
    "$variable is refused when it is $name, and its value is not repeated",
    ({ variable, value }) => {
      const problems = problemsOf({ ...productionEnv, [variable]: value });
      expect(problems).toContain(variable);
      expect(problems).not.toContain(value);
      for (const other of secrets.filter((secret) => secret !== variable)) expect(problems).not.toContain(other);
    },
  );

  test.each(weakCases)("$variable is refused in a file too when it is $name", ({ variable, value }) => {
    const env = { ...without(variable), [`${variable}_FILE`]: fileWith(`${value}\n`) };
    expect(problemsOf(env)).toContain(variable);
    expect(problemsOf(env)).not.toContain(value);
  });

  test.each(["false", "0", "no", "yes", "TRUE "])("the cookie must be secure: %s is refused", (value) => {
    expect(problemsOf({ ...productionEnv, SECURE_HTTP_HTTPS: value })).toContain("SECURE_HTTP_HTTPS");
  });

  test.each(["true", "True", "1"])("SECURE_HTTP_HTTPS=%s is the original's yes", (value) => {
    expect(readConfig({ ...productionEnv, SECURE_HTTP_HTTPS: value }).secureCookie).toBe(true);
  });

  test("keys of anybody else than Google are refused", () => {
    const problems = problemsOf({ ...productionEnv, GOOGLE_CERTIFICATES_URL: "http://127.0.0.1:1/certs" });
    expect(problems).toContain("GOOGLE_CERTIFICATES_URL");
  });

  test("an example of a client id is refused", () => {
    expect(problemsOf({ ...productionEnv, GOOGLE_CLIENT_ID: "your-google-client-id" })).toContain("GOOGLE_CLIENT_ID");
  });

  test("nobody is signed in by the server itself", () => {
    expect(readConfig({ ...productionEnv }).issuer.kind).toBe("google");
  });
});

describe("everywhere", () => {
  const bad = [
    { name: "PORT", value: "eighty" },
    { name: "PORT", value: "65536" },
    { name: "PORT", value: "-1" },
    { name: "PORT", value: "80.5" },
    { name: "ALGORITHM", value: "none" },
    { name: "ALGORITHM", value: "RS256" },
    { name: "SECURE_HTTP_HTTPS", value: "perhaps" },
    { name: "ADDRESS_FRONT", value: "chat.example.org" },
    { name: "ADDRESS_FRONT", value: "https://chat.example.org/path" },
    { name: "ADDRESS_FRONT", value: "*" },
    { name: "LOG_LEVEL", value: "loud" },
    { name: "DIALOGS_PER_USER", value: "0" },
    { name: "ANSWER_DEADLINE_MS", value: "1e9" },
    { name: "QUESTIONS_PER_DAY", value: "-1" },
    { name: "QUESTION_BYTES_PER_DAY", value: "8 MB" },
    { name: "TOKENS_PER_DAY", value: "unlimited" },
    { name: "MESSAGES_PER_DIALOG", value: "1" },
    { name: "DATABASE_URL", value: "mysql://root:hunter2@localhost/db" },
    { name: "DATABASE_URL", value: "hunter2" },
    { name: "DATABASE_PORT", value: "99999" },
    { name: "DATABASE_PORT", value: "port" },
  ];

  test.each(bad)("$name=$value is refused", ({ name, value }) => {
    const rest = name === "DATABASE_PORT" ? { DATABASE_NAME: "n", DATABASE_USER: "u" } : {};
    expect(problemsOf({ ...rest, [name]: value })).toContain(name);
    expect(problemsOf({ ...rest, [name]: value })).not.toContain("hunter2");
  });

  test("every problem is told at once, one line each", () => {
    const problems = problemsOf({
      NODE_ENV: "production",
      PORT: "x",
      ALGORITHM: "none",
      DATABASE_URL: "x",
      LOG_LEVEL: "x",
    });
    const named = [
      "PORT",
      "ALGORITHM",
      "DATABASE_URL",
      "LOG_LEVEL",
      ...secrets,
      "GOOGLE_CLIENT_ID",
      "ADDRESS_FRONT",
      "SECURE_HTTP_HTTPS",
    ];
    for (const name of named) expect(problems).toMatch(new RegExp(`^  - ${name} `, "m"));
    expect(problems.split("\n")).toHaveLength(named.length + 1);
  });
});

describe("a secret in a file", () => {
  const fileNames = [...secrets, "DATABASE_PASSWORD"];

  test("is read without the line's end", () => {
    const config = readConfig({
      ...without("SECRET_KEY_JWT"),
      SECRET_KEY_JWT_FILE: fileWith(`${productionEnv["SECRET_KEY_JWT"]}\n`),
    });
    expect(config.sessionSecret).toBe(productionEnv["SECRET_KEY_JWT"]);
  });

  test.each(fileNames)("%s and its file are not both taken", (name) => {
    const problems = problemsOf({
      ...productionEnv,
      [name]: "Vq8-Vq8-Vq8-Vq8-Vq8-Vq8-Vq8-Vq8-1",
      [`${name}_FILE`]: fileWith("Wz7-secret-in-the-file-0123456789abcdef"),
    });
    expect(problems).toContain(`${name}_FILE`);
    expect(problems).not.toMatch(/Vq8|Wz7/);
  });

  test.each(fileNames)("%s: a file that is not there is told", (name) => {
    const path = join(folder, "absent");
    expect(problemsOf({ ...without(name), [`${name}_FILE`]: path })).toContain(`${name}_FILE`);
  });

  test("a folder is no file", () => {
    expect(problemsOf({ API_KEY_AI_FILE: folder })).toContain("API_KEY_AI_FILE");
  });

  test.each(secrets)("%s: an empty file is no secret, in development neither", (name) => {
    const env = { [`${name}_FILE`]: fileWith("\n") };
    if (problemsOf(env) !== "") return;
    const { serviceKey, sessionSecret, healthKey } = readConfig(env);
    expect([serviceKey, sessionSecret, healthKey]).not.toContain("");
  });
});

describe("the database", () => {
  const five = {
    DATABASE_HOST: "db",
    DATABASE_PORT: "6543",
    DATABASE_NAME: "chat",
    DATABASE_USER: "bot",
    DATABASE_PASSWORD: "pw",
  };

  const urlOf = (env: Record<string, string>): URL => {
    const { database } = readConfig(env);
    if (database.engine !== "postgres") throw new Error("The embedded database was chosen.");
    return new URL(database.url);
  };

  test("the original's five names make the address", () => {
    expect(urlOf(five).href).toBe("postgres://bot:pw@db:6543/chat");
  });

  test("DATABASE_URL wins over the five", () => {
    expect(urlOf({ ...five, DATABASE_URL: "postgres://a:b@c:1/d" }).href).toBe("postgres://a:b@c:1/d");
  });

  test.each(["p@ss:w/o?r#d", "100%", "%41", "пароль", " ", "'\"\\", "a&b=c"])(
    "the password %j arrives as it is",
    (password) => {
      const url = urlOf({ ...five, DATABASE_PASSWORD: password });
      expect(decodeURIComponent(url.password)).toBe(password);
      expect([url.hostname, url.port, decodeURIComponent(url.username)]).toEqual(["db", "6543", "bot"]);
    },
  );

  test.each(["my db", "a/b", "über"])("the name %j arrives as it is", (name) => {
    expect(decodeURIComponent(urlOf({ ...five, DATABASE_NAME: name }).pathname.slice(1))).toBe(name);
  });

  test.each(["10.0.0.7", "db.internal", "db_1", "::1", "[::1]"])("the host %s is the one that is asked", (host) => {
    expect(urlOf({ ...five, DATABASE_HOST: host }).hostname.replaceAll(/[[\]]/g, "")).toBe(
      host.replaceAll(/[[\]]/g, ""),
    );
  });

  test.each(["DATABASE_NAME", "DATABASE_USER"])("half of the five is told: %s", (name) => {
    const rest = Object.fromEntries(Object.entries(five).filter(([key]) => key !== name));
    expect(problemsOf(rest)).toContain(name);
  });

  test("without any of them it is the embedded one, in a folder that can be chosen", () => {
    expect(readConfig({}).database).toMatchObject({ engine: "embedded" });
    expect(readConfig({ DATABASE_FOLDER: "/x/y" }).database).toEqual({ engine: "embedded", folder: "/x/y" });
  });
});
