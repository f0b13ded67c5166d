import { readFileSync } from "node:fs";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment without empty values. A secret can come from a file: `NAME_FILE` holds its path.
 *
 * @param names `secretNames`, whose files must hold something, and `optionalSecretNames`, whose files may be empty
 * @returns the values, and a line for each problem
 */
export function resolveEnvironment(
  environment: Environment,
  {
    secretNames,
    optionalSecretNames = [],
  }: { secretNames: readonly string[]; optionalSecretNames?: readonly string[] },
): { values: Record<string, string>; problems: string[] } {
  const given = Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const values = Object.fromEntries(given);
  const problems: string[] = [];
  for (const name of [...secretNames, ...optionalSecretNames]) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    if (values[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one`);
    try {
      const secret = readFileSync(file, "utf8").trim();
      if (secret !== "") values[name] = secret;
      else if (!optionalSecretNames.includes(name)) problems.push(`${name}_FILE names an empty file`);
    } catch {
      problems.push(`${name}_FILE names a file that cannot be read`);
    }
  }
  return { values, problems };
}

/** Lists every problem of the configuration, one line each. */
export class ConfigError extends Error {
  /** @param advice a last line */
  constructor(problems: readonly string[], advice?: string) {
    const lines = ["The configuration is not usable:", ...problems.map((problem) => `  - ${problem}`)];
    super([...lines, ...(advice === undefined ? [] : [advice])].join("\n"));
    this.name = "ConfigError";
  }
}
