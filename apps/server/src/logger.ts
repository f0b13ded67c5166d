import { AsyncLocalStorage } from "node:async_hooks";
import { Writable } from "node:stream";
import { pino, type Logger } from "pino";

/** The id of the request that is being served, for every line that is logged meanwhile. */
export const requestScope: AsyncLocalStorage<{ requestId: string }> = new AsyncLocalStorage();

interface Line {
  time: number;
  level: number;
  module?: string;
  msg: string;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");

function localTime(ms: number): string {
  const at = new Date(ms);
  const day = [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":")}`;
}

/** `time - LEVEL - module - message`, the form of the original's log. */
function toReadable(json: string): string {
  const line = JSON.parse(json) as Line;
  const level = (pino.levels.labels[line.level] ?? "info").toUpperCase();
  return `${localTime(line.time)} - ${level} - ${line.module ?? "server"} - ${line.msg}\n`;
}

const readableStdout = new Writable({
  decodeStrings: false,
  write: (json: string, _encoding, done) => {
    process.stdout.write(toReadable(json), () => done());
  },
});

/** JSON lines for machines in production, readable ones for a person elsewhere. */
export function createLogger({ production, level }: { production: boolean; level: string }): Logger {
  const options = {
    level,
    base: null,
    mixin: () => {
      const scope = requestScope.getStore();
      return scope === undefined ? {} : { request_id: scope.requestId };
    },
  };
  return production ? pino(options, pino.destination({ dest: 1, sync: true })) : pino(options, readableStdout);
}
