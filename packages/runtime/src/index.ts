export { ConfigError, resolveEnvironment, type Environment } from "./environment.ts";
export { describeIssues, logLevel, whole } from "./fields.ts";
export { openLogOutput, type LogOutput } from "./log-output.ts";
export { createLogger, type Log } from "./logger.ts";
