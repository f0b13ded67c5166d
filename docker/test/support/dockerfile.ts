import { read } from "./repository.ts";

export interface Instruction {
  /** `RUN`, `COPY` … */
  name: string;
  /** The rest of the instruction, on one line. */
  text: string;
}

export interface Stage {
  name: string;
  base: string;
  instructions: Instruction[];
}

/** The stages of a Dockerfile, in order. The last one is the image. */
export function readStages(path: string): Stage[] {
  const lines = read(path)
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = "", text = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === "") throw new Error(`Not an instruction: ${line}`);
    const [, base = "", , alias = "image"] = name === "FROM" ? (/^(\S+)( AS (\S+))?$/.exec(text) ?? []) : [];
    if (name === "FROM") stages.push({ name: alias, base, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, text });
  }
  return stages;
}

/** The text of the last instruction with this name. */
export function lastOf(stage: Stage, name: string): string | undefined {
  return stage.instructions.findLast((instruction) => instruction.name === name)?.text;
}
