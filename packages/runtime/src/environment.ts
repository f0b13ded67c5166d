import { readFileSync } from "node:fs";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment without empty values. A secret can come from a file: `NAME_FILE` holds its path.
 *
 * @returns the values, and a line for each problem
 */
export function resolveEnvironment(
  environment: Environment,
  secretNames: readonly string[],
): { values: Record<string, string>; problems: string[] } {
  const given = Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const values = Object.fromEntries(given);
  const problems: string[] = [];
  for (const name of secretNames) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    if (values[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one`);
    try {
      values[name] = readFileSync(file, "utf8").trim();
      if (values[name] === "") problems.push(`${name}_FILE names an empty file`);
    } catch {
      problems.push(`${name}_FILE names a file that cannot be read`);
    }
  }
  return { values, problems };
}

/** Lists every problem of the configuration, one line each. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(["The configuration is not usable:", ...problems.map((problem) => `  - ${problem}`)].join("\n"));
    this.name = "ConfigError";
  }
}
