import { Writable } from "node:stream";
import { pino, type Logger } from "pino";
import { z } from "zod";

export type Log = Logger;

const lineSchema = z.object({
  time: z.number(),
  level: z.number(),
  module: z.string().default(""),
  msg: z.string().default(""),
});

const twoDigits = (value: number): string => String(value).padStart(2, "0");

function localTime(ms: number): string {
  const at = new Date(ms);
  const day = [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":")}`;
}

/** Names that come from outside must not end a line or colour the terminal. */
function escapeControl(character: string): string {
  return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
}

/** `time - LEVEL - module - message`, the form of the original's log. */
function toReadable(json: string): string {
  const { time, level, module, msg } = lineSchema.parse(JSON.parse(json));
  const line = `${localTime(time)} - ${(pino.levels.labels[level] ?? "info").toUpperCase()} - ${module} - ${msg}`;
  return `${line.replaceAll(/\p{Cc}/gu, escapeControl)}\n`;
}

const readableStdout = new Writable({
  decodeStrings: false,
  write: (json: string, _encoding, done) => {
    process.stdout.write(toReadable(json), () => done());
  },
});

/**
 * JSON lines for machines in production, readable ones for a person elsewhere.
 *
 * @param module what a line without a module of its own is marked with
 * @param mixin gives fields for every line
 */
export function createLogger(options: {
  module: string;
  production: boolean;
  level: string;
  mixin?: () => object;
}): Log {
  const { module, production, level, mixin } = options;
  const settings = { level, base: { module }, ...(mixin === undefined ? {} : { mixin }) };
  return production ? pino(settings, pino.destination({ dest: 1, sync: true })) : pino(settings, readableStdout);
}
