import { parseArgs } from "node:util";

/** Choices of the person who starts the bench. */
export interface Settings {
  quick: boolean;
  /** Names of the cases to run; empty means all. */
  cases: readonly string[];
  /** Where the figures go. */
  output: string;
  /** Folder for CPU profiles of the server, if any are wanted. */
  profiles: string | undefined;
  /** Main module of another build of the server, to be measured instead of this one. */
  server: string | undefined;
  /** Folder of another checkout whose server is measured beside this one. */
  before: string | undefined;
}

export function readSettings(args: readonly string[] = process.argv.slice(2)): Settings {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    options: {
      quick: { type: "boolean", default: false },
      case: { type: "string", multiple: true, default: [] },
      output: { type: "string", default: ".data/bench.json" },
      profiles: { type: "string" },
      server: { type: "string" },
      before: { type: "string" },
    },
  });
  const { quick, case: names, output, profiles, server, before } = values;
  return { quick, cases: names, output, profiles, server, before };
}
