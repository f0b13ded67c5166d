import type { DatabaseLocation } from "@deepbot/db";

type Values = Readonly<Record<string, string>>;

const parts = ["DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD"];

/** Default folder of the embedded database, relative to the working directory of the server. */
const defaultFolder = ".data/db";

type Postgres = Extract<DatabaseLocation, { engine: "postgres" }>;

function findUrlProblem(name: string, text: string): string | undefined {
  const protocol = URL.parse(text)?.protocol ?? "";
  if (/^postgres(ql)?:$/.test(protocol)) return undefined;
  return `${name} must look like postgres://user:password@host:5432/name`;
}

function fromUrl(text: string): Postgres | { problem: string } {
  const problem = findUrlProblem("DATABASE_URL", text);
  return problem === undefined ? { engine: "postgres", url: text } : { problem };
}

function fromParts(values: Values): Postgres | { problem: string } {
  const name = values["DATABASE_NAME"];
  const user = values["DATABASE_USER"];
  if (name === undefined || user === undefined) {
    return { problem: "DATABASE_NAME and DATABASE_USER must be set when any of the DATABASE_* parts is" };
  }
  const port = values["DATABASE_PORT"] ?? "5432";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return { problem: "DATABASE_PORT must be a port number" };
  const url = new URL("postgres://localhost");
  const host = values["DATABASE_HOST"] ?? "localhost";
  url.hostname = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  url.port = port;
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(values["DATABASE_PASSWORD"] ?? "");
  url.pathname = `/${encodeURIComponent(name)}`;
  return { engine: "postgres", url: url.href };
}

function addDirectUrl(location: Postgres, directUrl: string | undefined): Postgres | { problem: string } {
  if (directUrl === undefined) return location;
  const problem = findUrlProblem("DATABASE_DIRECT_URL", directUrl);
  return problem === undefined ? { ...location, directUrl } : { problem };
}

/** PostgreSQL by `DATABASE_URL`, else by the original's five names; the embedded database when none is set. */
export function readDatabaseLocation(values: Values): DatabaseLocation | { problem: string } {
  const url = values["DATABASE_URL"];
  if (url === undefined && parts.every((name) => values[name] === undefined)) {
    return { engine: "embedded", folder: values["DATABASE_FOLDER"] ?? defaultFolder };
  }
  const location = url === undefined ? fromParts(values) : fromUrl(url);
  return "problem" in location ? location : addDirectUrl(location, values["DATABASE_DIRECT_URL"]);
}
