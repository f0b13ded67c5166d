interface EndpointKeys {
  /** By name. */
  keys: Map<string, string>;
  problems: string[];
}

/** Reads a line `NAME=key` for each key. Empty lines and lines that begin with `#` are ignored. */
function readKeys(text: string): EndpointKeys {
  const keys = new Map<string, string>();
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const { name, key } = /^(?<name>\w+)=(?<key>\S+)$/.exec(trimmed)?.groups ?? {};
    if (name === undefined || key === undefined) problems.push(`AI_BRIDGE_KEYS: line ${index + 1} is not NAME=key`);
    else if (keys.has(name)) problems.push(`AI_BRIDGE_KEYS: names the key ${name} twice`);
    else keys.set(name, key);
  }
  return { keys, problems };
}

/**
 * Adds the keys of `AI_BRIDGE_KEYS` that the names ask for to the settings.
 *
 * @returns a sentence for each mistake and each missing key, of which none repeats a key
 */
export function addEndpointKeys(names: readonly string[], values: Record<string, string>): string[] {
  const { keys, problems } = readKeys(values["AI_BRIDGE_KEYS"] ?? "");
  for (const name of names) {
    const key = keys.get(name);
    if (key !== undefined && values[name] !== undefined) {
      problems.push(`${name} is set and in AI_BRIDGE_KEYS too: keep one`);
    }
    if (key !== undefined) values[name] = key;
    if (values[name] === undefined) problems.push(`${name} must be set: AI_BRIDGE_CONFIG names it as a key`);
  }
  return problems;
}
