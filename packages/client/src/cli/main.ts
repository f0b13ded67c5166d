#!/usr/bin/env node
import process from "node:process";
import { serve } from "../worker/index.ts";
import { answerByCommand } from "./answer-by-command.ts";
import { readOptions, usage, UsageError } from "./options.ts";

try {
  const { exec, ...options } = readOptions(process.argv.slice(2), process.env);
  // The command needs no key.
  const { DEEPBOT_KEY: _key, ...environment } = process.env;
  await serve({ ...options, answer: answerByCommand(exec, environment) }).stopped;
} catch (error) {
  if (!(error instanceof UsageError || error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}\n`);
  process.exitCode = 2;
}
