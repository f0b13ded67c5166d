import type { Operation } from "./operations.ts";

export interface Match {
  operation: Operation;
  /** Decoded path parameters. */
  params: Record<string, string>;
}

export interface Routes {
  /** The operation for a method and an encoded path; or the methods that the path takes, empty when there is none. */
  find: (method: string, path: string) => Match | { allowed: string[] };
}

interface Pattern {
  expression: RegExp;
  names: string[];
  byMethod: Map<string, Operation>;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function compile(path: string): Pattern {
  const names: string[] = [];
  const source = path
    .split("/")
    .map((segment) => {
      if (!segment.startsWith("{")) return escape(segment);
      names.push(segment.slice(1, -1));
      return "([^/]+)";
    })
    .join("/");
  return { expression: new RegExp(`^${source}$`), names, byMethod: new Map() };
}

function paramsOf({ names }: Pattern, values: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]));
}

/** A fixed path hides those with parameters that it would fit. A GET operation answers HEAD too. */
export function createRoutes(operations: readonly Operation[]): Routes {
  const fixed = new Map<string, Pattern>();
  const parametric = new Map<string, Pattern>();
  for (const operation of operations) {
    const patterns = operation.path.includes("{") ? parametric : fixed;
    const pattern = patterns.get(operation.path) ?? compile(operation.path);
    pattern.byMethod.set(operation.method, operation);
    patterns.set(operation.path, pattern);
  }

  const candidates = function* (path: string): Generator<[Pattern, string[]]> {
    const exact = fixed.get(path);
    if (exact !== undefined) {
      yield [exact, []];
      return;
    }
    for (const pattern of parametric.values()) {
      const found = pattern.expression.exec(path);
      if (found !== null) yield [pattern, found.slice(1)];
    }
  };

  return {
    find: (method, path) => {
      const wanted = method === "HEAD" ? "GET" : method;
      const allowed = new Set<string>();
      for (const [pattern, values] of candidates(path)) {
        const operation = pattern.byMethod.get(wanted);
        if (operation !== undefined) return { operation, params: paramsOf(pattern, values) };
        for (const other of pattern.byMethod.keys()) allowed.add(other);
      }
      if (allowed.has("GET")) allowed.add("HEAD");
      return { allowed: [...allowed] };
    },
  };
}
