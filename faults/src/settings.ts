import type { Replay } from "./scene.ts";

/** Choices of the person who starts the harness. */
export interface RunSettings {
  seed: number;
  /** `ci` is the short form. */
  form: "full" | "ci";
  /** Ids of the faults to inject; empty means all. */
  faults: readonly string[];
  /** Multiplies how often each fault is injected. */
  scale: number;
  replay: Replay | undefined;
}

function parseReplay(text: string): Replay | undefined {
  const [part, path, commandPath] = text.split(" ");
  if ((part !== "commands" && part !== "races") || path === undefined) return undefined;
  return { part, path, ...(commandPath === undefined ? {} : { commandPath }) };
}

/** Reads SEED, FAULTS_FORM, FAULTS, ROUNDS and REPLAY. */
export function readSettings(environment: Readonly<Record<string, string | undefined>> = process.env): RunSettings {
  const { SEED, FAULTS_FORM, FAULTS = "", ROUNDS, REPLAY = "" } = environment;
  return {
    seed: SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED),
    form: FAULTS_FORM === "ci" ? "ci" : "full",
    faults: FAULTS.split(",")
      .map((id) => id.trim().toUpperCase())
      .filter(Boolean),
    scale: ROUNDS === undefined ? 1 : Number(ROUNDS),
    replay: parseReplay(REPLAY),
  };
}
