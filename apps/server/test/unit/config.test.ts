import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { productionEnv } from "../process/support/environment.ts";
import { development, fileWith, makeFolder, problemsOf, secrets, without } from "./support/config.ts";

describe("in development", () => {
  test("nothing needs to be set", () => {
    const config = readConfig(development);
    expect(config).toMatchObject({ production: false, host: "127.0.0.1", issuer: { kind: "development" } });
    expect(config.allowedHosts).toEqual(["localhost", "127.0.0.1", "[::1]"]);
  });

  test.each(["127.0.0.1", "::1", "localhost"])("the server may listen at %s", (host) => {
    expect(readConfig({ ...development, HOST: host }).host).toBe(host);
  });

  test.each(["0.0.0.0", "::", "192.168.0.7", "chat.example.org", "127.0.0.1.nip.io"])(
    "the server does not listen at %s",
    (host) => {
      expect(problemsOf({ ...development, HOST: host })).toContain("- HOST ");
    },
  );

  test("a Google client id is refused", () => {
    expect(problemsOf({ ...development, GOOGLE_CLIENT_ID: "123-abc.apps.googleusercontent.com" })).toContain(
      "- GOOGLE_CLIENT_ID ",
    );
  });

  test.each(["chat.example.org", "example.com", "chat.test", "a.localhost", "[::1]", "127.0.0.1"])(
    "the host name %s may be added: nobody can make it lead elsewhere",
    (host) => {
      expect(readConfig({ ...development, ALLOWED_HOSTS: host }).allowedHosts).toContain(host);
    },
  );

  test.each(["chat.company.com", "evil-example.com", "chat.example.org,evil.net", "example.evil", "10.0.0.7"])(
    "the host names %s are refused",
    (hosts) => {
      expect(problemsOf({ ...development, ALLOWED_HOSTS: hosts })).toContain("- ALLOWED_HOSTS ");
    },
  );

  test("only a server in production says how to try Deepbot", () => {
    expect(problemsOf({ ...development, HOST: "::" })).not.toContain("DEEPBOT_DEV, or");
    expect(problemsOf({})).toMatch(/\nTo try Deepbot .*DEEPBOT_DEV=true\.$/);
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
    { name: "ALLOWED_HOSTS", value: "*" },
    { name: "ALLOWED_HOSTS", value: "," },
    { name: "ALLOWED_HOSTS", value: "https://chat.example.org" },
    { name: "ALLOWED_HOSTS", value: "chat.example.org:8000" },
    { name: "EMBEDDED_IN_PRODUCTION", value: "perhaps" },
    { name: "LOG_LEVEL", value: "loud" },
    { name: "DIALOGS_PER_USER", value: "0" },
    { name: "RATE_SENDS_PER_MINUTE", value: "0" },
    { name: "SERVER_COUNT", value: "0" },
    { name: "TRUSTED_PROXIES", value: "10.0.0.1, nginx" },
    { name: "TRUSTED_PROXIES", value: "0.0.0.0/0" },
    { name: "TRUSTED_PROXIES", value: "::/0" },
    { name: "ANSWER_DEADLINE_MS", value: "1e9" },
    { name: "QUESTIONS_PER_DAY", value: "-1" },
    { name: "QUESTION_BYTES_PER_DAY", value: "8 MB" },
    { name: "TOKENS_PER_DAY", value: "unlimited" },
    { name: "MESSAGES_PER_DIALOG", value: "1" },
    { name: "DATABASE_URL", value: "mysql://root:hunter2@localhost/db" },
    { name: "DATABASE_URL", value: "hunter2" },
    { name: "DATABASE_POOL_MAX", value: "0" },
    { name: "DATABASE_PORT", value: "99999" },
    { name: "DATABASE_PORT", value: "port" },
  ];

  test.each(bad)("$name=$value is refused", ({ name, value }) => {
    const rest = name === "DATABASE_PORT" ? { DATABASE_NAME: "n", DATABASE_USER: "u" } : {};
    expect(problemsOf({ ...development, ...rest, [name]: value })).toContain(name);
    expect(problemsOf({ ...development, ...rest, [name]: value })).not.toContain("hunter2");
  });

  test("every problem is told at once, one line each", () => {
    const problems = problemsOf({
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
      "ALLOWED_HOSTS",
    ];
    for (const name of named) expect(problems).toMatch(new RegExp(`^  - ${name} `, "m"));
    // Between a heading and the line on how to try it.
    expect(problems.split("\n")).toHaveLength(named.length + 2);
  });
});

test("each rate limit has a setting of its own", () => {
  const names = {
    sign_in: "RATE_SIGN_INS_PER_MINUTE",
    public: "RATE_PUBLIC_PER_MINUTE",
    refused: "RATE_REFUSALS_PER_MINUTE",
    send: "RATE_SENDS_PER_MINUTE",
    change: "RATE_CHANGES_PER_MINUTE",
    export: "RATE_EXPORTS_PER_HOUR",
    read: "RATE_READS_PER_MINUTE",
    claim: "RATE_CLAIMS_PER_MINUTE",
    report: "RATE_REPORTS_PER_MINUTE",
    operator: "RATE_OPERATORS_PER_MINUTE",
  };
  const values = Object.entries(names).map(([policy, name], index) => ({ policy, name, value: index + 1 }));
  const given = Object.fromEntries(values.map(({ name, value }) => [name, String(value)]));
  const { settings } = readConfig({ ...development, ...given });
  expect(settings.rateLimits).toEqual(Object.fromEntries(values.map(({ policy, value }) => [policy, value])));
});

describe("a secret in a file", () => {
  const fileNames = [...secrets, "DATABASE_PASSWORD"];

  test("is read without the line's end", () => {
    const config = readConfig({
      ...without("SECRET_KEY_JWT"),
      SECRET_KEY_JWT_FILE: fileWith(`${productionEnv["SECRET_KEY_JWT"]}\n`),
    });
    expect(config.sessionSecrets).toEqual([productionEnv["SECRET_KEY_JWT"]]);
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
    const path = join(makeFolder(), "absent");
    expect(problemsOf({ ...without(name), [`${name}_FILE`]: path })).toContain(`${name}_FILE`);
  });

  test("a folder is no file", () => {
    expect(problemsOf({ ...development, API_KEY_AI_FILE: makeFolder() })).toContain("API_KEY_AI_FILE");
  });

  test.each(secrets)("%s: an empty file is no secret, in development neither", (name) => {
    expect(problemsOf({ ...development, [`${name}_FILE`]: fileWith("\n") })).toContain(`${name}_FILE`);
  });
});

describe("the database", () => {
  const five = {
    ...development,
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

  test("has ten connections unless told otherwise, and one address unless there are two", () => {
    expect(readConfig(five).database).toEqual({ engine: "postgres", url: urlOf(five).href, maxConnections: 10 });
    const direct = { DATABASE_POOL_MAX: "40", DATABASE_DIRECT_URL: "postgres://a:b@c:1/d" };
    expect(readConfig({ ...five, ...direct }).database).toMatchObject({
      maxConnections: 40,
      directUrl: "postgres://a:b@c:1/d",
    });
    expect(problemsOf({ ...five, DATABASE_DIRECT_URL: "hunter2" })).toMatch(/DATABASE_DIRECT_URL must look like/);
  });

  test.each(["DATABASE_NAME", "DATABASE_USER"])("half of the five is told: %s", (name) => {
    const rest = Object.fromEntries(Object.entries(five).filter(([key]) => key !== name));
    expect(problemsOf(rest)).toContain(name);
  });

  test("without any of them it is the embedded one, in a folder that can be chosen", () => {
    expect(readConfig(development).database).toMatchObject({ engine: "embedded" });
    expect(readConfig({ ...development, DATABASE_FOLDER: "/x/y" }).database).toEqual({
      engine: "embedded",
      folder: "/x/y",
    });
  });
});
