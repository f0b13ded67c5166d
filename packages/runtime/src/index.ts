export { ConfigError, resolveEnvironment, type Environment } from "./environment.ts";
export { describeIssues, logLevel, whole } from "./fields.ts";
export { createLogger, type Log } from "./logger.ts";
