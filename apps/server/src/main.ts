import { requestScope } from "@deepbot/api/server";
import {
  databaseErrorCode,
  errorCode,
  FolderInUseError,
  isDatabaseOutage,
  openDatabase,
  type Database,
} from "@deepbot/db";
import { ConfigError, createLogger, type Log } from "@deepbot/runtime";
import { startApp, type App } from "./app.ts";
import { readConfig, type Config } from "./config.ts";
import { describeError } from "./describe-error.ts";

/** Adds the id of the request to each log line that belongs to one. */
function describeRequest(): object {
  const facts = requestScope.getStore();
  return facts === undefined ? {} : { request_id: facts.requestId };
}

/** A stop that takes longer is ended by force. */
const stopLimitMs = 9_500;

function welcome({ host, database }: Config, port: number): string {
  const url = `http://${host === "::1" ? "[::1]" : "localhost"}:${port}`;
  const lines = [
    `API      ${url}`,
    `Docs     ${url}/docs`,
    `Data     ${database.engine === "embedded" ? `embedded database in ${database.folder}` : "PostgreSQL"}`,
    `Sign in  POST ${url}/dev/google-token {"sub":"ann","email":"ann@example.com"} gives a token`,
    `         POST ${url}/create/users {"token":"..."} takes it and sets the cookie`,
  ];
  return [
    "",
    "  Deepbot is ready, for development on this machine only",
    ...lines.map((line) => `  ${line}`),
    "",
    "",
  ].join("\n");
}

/** Explains to an operator why the start failed; undefined if only a developer can find out. */
function startProblem(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof FolderInUseError) return error.message;
  if (error instanceof Error && "port" in error && errorCode(error) === "EADDRINUSE") {
    return `Port ${String(error.port)} is already in use: stop the program that listens there, or set PORT.`;
  }
  const code = databaseErrorCode(error) ?? "";
  if (code === "3D000" || code.startsWith("28")) {
    return "The database refuses us: check the name, the user and the password in the DATABASE_* settings.";
  }
  if (isDatabaseOutage(error)) return "The database does not answer. Check DATABASE_URL and that PostgreSQL runs.";
  return undefined;
}

async function stop(parts: { app: App; database: Database; log: Log }): Promise<void> {
  parts.log.info({ event: "stopping" }, "Stopping");
  await parts.app.stop();
  await parts.database.close();
  parts.log.info({ event: "stopped" }, "Stopped");
}

/** Ends the process once, after draining: with code 0 on a signal, with code 1 on an uncaught error. */
function stopOnce(parts: { app: App; database: Database; log: Log }): void {
  let stopping = false;
  const end = (code: number): void => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), stopLimitMs).unref();
    void stop(parts).then(() => process.exit(code));
  };
  const onUncaught = (error: unknown): void => {
    parts.log.fatal({ event: "uncaught", causes: describeError(error) }, "An uncaught error ends this process");
    if (!stopping) end(1);
  };
  process.on("SIGTERM", () => end(0));
  process.on("SIGINT", () => end(0));
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
}

async function main(): Promise<void> {
  const config = readConfig();
  const { production, logLevel: level } = config;
  const log = createLogger({ module: "server", production, level, mixin: describeRequest });
  const database = await openDatabase(config.database);
  try {
    await database.migrate();
    const app = await startApp(config, { database, log });
    stopOnce({ app, database, log });
    if (config.production) log.info({ event: "listening", port: app.port }, `Listening on port ${app.port}`);
    else process.stdout.write(welcome(config, app.port));
  } catch (error) {
    await database.close();
    throw error;
  }
}

main().catch((error: unknown) => {
  const problem = startProblem(error);
  if (problem === undefined) throw error;
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
});
