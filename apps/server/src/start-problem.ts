import { databaseErrorCode, errorCode, FolderInUseError, isDatabaseOutage, type DatabaseLocation } from "@deepbot/db";
import { ConfigError } from "@deepbot/runtime";

/** What OpenSSL and Node call a certificate that they do not trust. */
const certificateCode = /CERT|SIGNATURE|ERR_TLS|ERR_SSL/;

/** What a server does that is asked for TLS and does not know it. */
const hangUpCodes = new Set(["ECONNRESET", "CONNECTION_CLOSED", "EPIPE"]);

/** The messages of an error and its causes. */
function messagesOf(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error && messages.length < 8; cause = cause.cause)
    messages.push(cause.message);
  return messages.join("\n");
}

function asksForTls(location: DatabaseLocation | undefined): boolean {
  if (location?.engine !== "postgres") return false;
  const { searchParams } = new URL(location.url);
  return /^(?:require|verify-ca|verify-full|true)$/.test(searchParams.get("sslmode") ?? searchParams.get("ssl") ?? "");
}

/** Causes that one SQLSTATE names. */
const sentences: Readonly<Record<string, string>> = {
  "53300":
    "The database has no connection left for us (53300): run fewer servers, or raise max_connections of PostgreSQL.",
  "25006": "The database is read-only (25006): the DATABASE_* settings must lead to the primary, not to a replica.",
  "42501":
    "The server's role may not change the schema, which is not up to date (42501): run db:migrate with the owner's credentials in MIGRATION_DATABASE_*.",
  "55P03":
    "Another program holds the lock of migrations (55P03): it is migrating, or a pooler kept its connection. Find it in pg_locks (locktype advisory).",
  "08P01":
    "The database refuses the settings of our connections (08P01), as PgBouncer does in transaction mode: connect to PostgreSQL itself.",
};

function databaseProblem(error: unknown, location: DatabaseLocation | undefined): string | undefined {
  const code = databaseErrorCode(error) ?? "";
  const sentence = sentences[code];
  if (sentence !== undefined) return sentence;
  if (code === "28000" && /no encryption|SSL off/.test(messagesOf(error))) {
    return "The database takes encrypted connections only (28000): add ?sslmode=require to DATABASE_URL.";
  }
  if (code === "3D000" || code.startsWith("28")) {
    return `The database refuses us (${code}): check the name, the user and the password in the DATABASE_* settings.`;
  }
  if (certificateCode.test(code)) {
    return `The certificate of the database is not trusted (${code}): check sslmode in DATABASE_URL, and NODE_EXTRA_CA_CERTS.`;
  }
  if (hangUpCodes.has(code) && asksForTls(location)) {
    return `The database hangs up when it is asked for TLS (${code}): turn TLS on there, or take sslmode out of DATABASE_URL.`;
  }
  if (isDatabaseOutage(error)) {
    return `The database does not answer (${code}). Check the DATABASE_* settings and that PostgreSQL runs.`;
  }
  return undefined;
}

/**
 * Explains to an operator why the start failed; undefined if only a developer can find out.
 *
 * @param location of the database, once it is known
 */
export function startProblem(error: unknown, location?: DatabaseLocation): string | undefined {
  if (error instanceof ConfigError || error instanceof FolderInUseError) return error.message;
  if (error instanceof Error && "port" in error && "syscall" in error && errorCode(error) === "EADDRINUSE") {
    return `Port ${String(error.port)} is already in use: stop the program that listens there, or set PORT.`;
  }
  return databaseProblem(error, location);
}
