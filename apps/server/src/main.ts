import { resolve } from "node:path";
import { requestScope } from "@deepbot/api/server";
import { openDatabase, type Database } from "@deepbot/db";
import { createLogger, openLogOutput, type Log, type LogOutput } from "@deepbot/runtime";
import { startApp, type App } from "./app.ts";
import { readConfig, type Config } from "./config.ts";
import { describeError } from "./describe-error.ts";
import { startProblem } from "./start-problem.ts";

/** Adds the id of the request to each log line that belongs to one and does not name it. */
function describeRequest(fields: object): object | undefined {
  if ("request_id" in fields) return undefined;
  const facts = requestScope.getStore();
  return facts === undefined ? undefined : { request_id: facts.requestId };
}

/** A stop that takes longer is ended by force. */
const stopLimitMs = 9_500;

function welcome({ host, database }: Config, port: number): string {
  const url = `http://${host === "::1" ? "[::1]" : "localhost"}:${port}`;
  const lines = [
    `API      ${url}`,
    `Docs     ${url}/docs`,
    `Data     ${database.engine === "embedded" ? `embedded database in ${resolve(database.folder)}` : "PostgreSQL"}`,
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

interface Running {
  app: App;
  database: Database;
  log: Log;
  logOutput: LogOutput;
}

async function stop({ app, database, log, logOutput }: Running): Promise<void> {
  log.info({ event: "stopping" }, "Stopping");
  await app.stop();
  await database.close();
  log.info({ event: "stopped" }, "Stopped");
  await logOutput.flush();
}

/** Ends the process once, after draining: with code 0 on a signal, with code 1 on an uncaught error. */
function stopOnce(parts: Running): void {
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

async function start(config: Config): Promise<void> {
  const { production, logLevel: level } = config;
  const logOutput = openLogOutput();
  const log = createLogger({ module: "server", production, level, mixin: describeRequest, output: logOutput });
  const database = await openDatabase(config.database);
  try {
    await database.migrate();
    const app = await startApp(config, { database, log, droppedLogLines: logOutput.dropped });
    stopOnce({ app, database, log, logOutput });
    if (config.production) log.info({ event: "listening", port: app.port }, `Listening on port ${app.port}`);
    else process.stdout.write(welcome(config, app.port));
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Runs the program; an error that an operator can mend ends it with a sentence instead of a stack. */
async function main(): Promise<void> {
  let database: Config["database"] | undefined;
  try {
    const config = readConfig();
    database = config.database;
    await start(config);
  } catch (error) {
    const problem = startProblem(error, database);
    if (problem === undefined) throw error;
    process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
  }
}

void main();
