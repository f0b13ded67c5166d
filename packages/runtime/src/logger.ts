import { pino, type Logger, type LoggerOptions } from "pino";
import { z } from "zod";
import { openLogOutput, type LogOutput } from "./log-output.ts";

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

/** Control and format characters, line and paragraph separators. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Names that come from outside must neither end, reverse or hide a part of a line nor colour the terminal. */
function escapeInvisible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).padStart(2, "0");
  return code > 0xff ? `\\u{${digits}}` : `\\x${digits}`;
}

/** `time - LEVEL - module - message`, as in the original's log. */
function toReadable(json: string): string {
  const { time, level, module, msg } = lineSchema.parse(JSON.parse(json));
  const line = `${localTime(time)} - ${(pino.levels.labels[level] ?? "info").toUpperCase()} - ${module} - ${msg}`;
  return `${line.replaceAll(invisible, escapeInvisible)}\n`;
}

/** Adds nothing to a line. */
const nothing = {};

/**
 * Gives the module of a line that names none. A child logger that was made with a module writes it by itself: with the
 * default beside it, the JSON would hold the key twice.
 */
function createModuleMixin(module: string): (fields: object, logger: Logger) => { module?: string } {
  const defaults = new WeakMap<Logger, { module?: string }>();
  return (fields, logger) => {
    if ("module" in fields) return nothing;
    const known = defaults.get(logger);
    if (known !== undefined) return known;
    const own = "module" in logger.bindings() ? {} : { module };
    defaults.set(logger, own);
    return own;
  };
}

/**
 * JSON lines in production, readable lines elsewhere.
 *
 * @param module of lines that name no module, neither themselves nor by their child logger
 * @param mixin gives further fields for a line; undefined for none
 * @param output where lines go; by default standard output
 */
export function createLogger(options: {
  module: string;
  production: boolean;
  level: string;
  mixin?: (fields: object) => object | undefined;
  output?: LogOutput;
}): Log {
  const { module, production, level, mixin, output = openLogOutput() } = options;
  const moduleOf = createModuleMixin(module);
  const settings: LoggerOptions = {
    level,
    base: null,
    mixin: (fields, _level, logger) => {
      const own = moduleOf(fields, logger);
      const given = mixin?.(fields);
      return given === undefined ? own : { ...own, ...given };
    },
    // Most lines come with all of their fields and need not be copied.
    mixinMergeStrategy: (fields, mixed) => (mixed === nothing ? fields : { ...mixed, ...fields }),
  };
  const { stream } = output;
  const log = pino(settings, production ? stream : { write: (json) => void stream.write(toReadable(json)) });
  output.onRecovered((lost) => {
    log.warn({ event: "log_lines_dropped", count: lost }, `${lost} lines were lost: nobody read the output`);
  });
  return log;
}
