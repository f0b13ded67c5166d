import type { DatabaseLocation } from "@deepbot/db";
import {
  databasePassword,
  findEqualSecrets,
  findSecretProblem,
  ownSecret,
  previousSecrets,
  requiredSecrets,
} from "./secrets.ts";

type Values = Readonly<Record<string, string>>;

const isTrue = (value: string | undefined): boolean => /^(?:true|1)$/i.test(value ?? "");

/** Hosts to which PostgreSQL may be trusted to let this machine in without a password. A path is a Unix socket. */
const localDatabaseHost = /^(?:|localhost|127\.0\.0\.1|\[::1\]|%2f.*)$/i;

/** The password of a database, whether it came in `DATABASE_URL` or in parts; undefined for one that cannot be decoded. */
function passwordOf(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.password);
  } catch {
    return undefined;
  }
}

function findPasswordProblem(url: URL): string | undefined {
  const password = passwordOf(url);
  if (password === undefined) return "holds a password that is not percent-encoded";
  if (password !== "") {
    const problem = findSecretProblem(password, databasePassword);
    return problem === undefined ? undefined : `holds a password that ${problem}`;
  }
  return localDatabaseHost.test(url.hostname) ? undefined : "must hold a password for a database on another machine";
}

/** Which setting the password of the database comes from. */
const passwordSetting = (given: Values): string =>
  given["DATABASE_URL"] === undefined ? "DATABASE_PASSWORD" : "DATABASE_URL";

/** All addresses of the database, each with the setting that its password comes from. */
function addressesOf(given: Values, location: Extract<DatabaseLocation, { engine: "postgres" }>): [string, string][] {
  const { url, directUrl, ownerUrl } = location;
  const ownerSetting =
    given["MIGRATION_DATABASE_URL"] === undefined ? "MIGRATION_DATABASE_PASSWORD" : "MIGRATION_DATABASE_URL";
  return [
    [passwordSetting(given), url],
    ...(directUrl === undefined ? [] : [["DATABASE_DIRECT_URL", directUrl] satisfies [string, string]]),
    ...(ownerUrl === undefined ? [] : [[ownerSetting, ownerUrl] satisfies [string, string]]),
  ];
}

/** What is wrong with a database in production. Problems with its address itself are told elsewhere. */
export function findDatabaseProblems(given: Values, location: DatabaseLocation | { problem: string }): string[] {
  if ("problem" in location || location.engine === "memory") return [];
  if (location.engine === "embedded") {
    if (isTrue(given["EMBEDDED_IN_PRODUCTION"])) return [];
    return ["DATABASE_URL must be set: the embedded database needs EMBEDDED_IN_PRODUCTION=true in production"];
  }
  return addressesOf(given, location).flatMap(([name, url]) => {
    const problem = findPasswordProblem(new URL(url));
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}

function databaseSecret(given: Values, location: DatabaseLocation | { problem: string }): Values {
  if ("problem" in location || location.engine !== "postgres") return {};
  const password = passwordOf(new URL(location.url));
  return password ? { [passwordSetting(given)]: password } : {};
}

function findSecretProblems(given: Values, location: DatabaseLocation | { problem: string }): string[] {
  const own = [...requiredSecrets, ...previousSecrets].flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const problems = own.flatMap(([name, value]) => {
    const problem = findSecretProblem(value, ownSecret);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  const all: Values = { ...Object.fromEntries(own), ...databaseSecret(given, location) };
  return [...problems, ...findEqualSecrets(all)];
}

/** Everything that makes these settings unfit for people. Missing and malformed settings are told by the schema. */
export function findProductionProblems(given: Values, location: DatabaseLocation | { problem: string }): string[] {
  const problems = [...findSecretProblems(given, location), ...findDatabaseProblems(given, location)];
  const clientId = given["GOOGLE_CLIENT_ID"];
  if (clientId === undefined) problems.push("GOOGLE_CLIENT_ID must be set");
  if (clientId?.startsWith("your-")) problems.push("GOOGLE_CLIENT_ID is still the example");
  if (given["ADDRESS_FRONT"]?.startsWith("http:")) {
    problems.push("ADDRESS_FRONT must begin with https: pages that come over http can be changed on their way");
  }
  if (!isTrue(given["SECURE_HTTP_HTTPS"])) {
    problems.push("SECURE_HTTP_HTTPS must be true: the session cookie travels over HTTPS only");
  }
  if (given["ALLOWED_HOSTS"] === undefined) {
    problems.push("ALLOWED_HOSTS must be set to the host names that people and workers use");
  }
  if (given["LOG_LEVEL"] === "silent") problems.push("LOG_LEVEL must not be silent: nobody would see an attack");
  return problems;
}
