import { text } from "node:stream/consumers";
import { JsonStream } from "../../src/shared/json-stream.ts";

async function readOutput(output: unknown): Promise<unknown> {
  if (!(output instanceof JsonStream)) return output;
  try {
    return JSON.parse(await text(output.pieces));
  } finally {
    output.close();
  }
}

/** A caller whose streamed outputs are read to their end, as a client does. */
export function readStreams<Caller extends object>(caller: Caller): Caller {
  return new Proxy(caller, {
    get: (target, key): unknown => {
      const member: unknown = Reflect.get(target, key);
      return typeof member === "function" || typeof member === "object" ? readStreams(member as object) : member;
    },
    apply: async (target, self, args) => readOutput(await Reflect.apply(target as () => unknown, self, args)),
  });
}
