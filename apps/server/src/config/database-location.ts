import type { DatabaseLocation } from "@deepbot/db";

type Values = Readonly<Record<string, string>>;

type Located = Extract<DatabaseLocation, { engine: "postgres" }> | { problem: string };

const parts = ["DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD"];

/** Default folder of the embedded database, relative to the working directory of the server. */
const defaultFolder = ".data/db";

function findUrlProblem(name: string, text: string): string | undefined {
  const protocol = URL.parse(text)?.protocol ?? "";
  if (/^postgres(ql)?:$/.test(protocol)) return undefined;
  return `${name} must look like postgres://user:password@host:5432/name`;
}

/** With the owner's credentials, by a URL of its own or by the two that differ. */
function ownerUrlOf(url: string, values: Values): { ownerUrl?: string } {
  const whole = values["MIGRATION_DATABASE_URL"];
  if (whole !== undefined) return { ownerUrl: whole };
  const user = values["MIGRATION_DATABASE_USER"];
  if (user === undefined) return {};
  const owned = new URL(url);
  owned.username = encodeURIComponent(user);
  owned.password = encodeURIComponent(values["MIGRATION_DATABASE_PASSWORD"] ?? "");
  return { ownerUrl: owned.href };
}

function fromUrl(text: string): Located {
  const problem = findUrlProblem("DATABASE_URL", text);
  return problem === undefined ? { engine: "postgres", url: text } : { problem };
}

function fromParts(values: Values): Located {
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

/** Adds the ways past a pooler and as the owner of the schema. */
function addUrls(location: Extract<Located, { engine: "postgres" }>, values: Values): Located {
  const directUrl = values["DATABASE_DIRECT_URL"];
  for (const name of ["DATABASE_DIRECT_URL", "MIGRATION_DATABASE_URL"]) {
    const problem = values[name] === undefined ? undefined : findUrlProblem(name, values[name]);
    if (problem !== undefined) return { problem };
  }
  return {
    ...location,
    ...(directUrl === undefined ? {} : { directUrl }),
    ...ownerUrlOf(directUrl ?? location.url, values),
  };
}

/**
 * PostgreSQL by `DATABASE_URL`, else by the original's five names; the embedded database when none is set. The owner of the
 * schema may have credentials of its own.
 */
export function readDatabaseLocation(values: Values): DatabaseLocation | { problem: string } {
  const url = values["DATABASE_URL"];
  if (url === undefined && parts.every((name) => values[name] === undefined)) {
    return { engine: "embedded", folder: values["DATABASE_FOLDER"] ?? defaultFolder };
  }
  const location = url === undefined ? fromParts(values) : fromUrl(url);
  return "problem" in location ? location : addUrls(location, values);
}
