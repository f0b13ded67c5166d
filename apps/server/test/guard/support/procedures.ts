import { listOperations, listProcedures, type Operation } from "../../../src/transports/operations.ts";

/** A call of a procedure, on either transport. */
export interface Call {
  method: string;
  path: string;
  body?: unknown;
}

/** The names of all procedures of the router. */
export function procedureNames(): string[] {
  return listProcedures()
    .map(({ name }) => name)
    .toSorted();
}

function operationsNamed(name: string): Operation[] {
  return listOperations().filter((operation) => operation.procedure.name === name);
}

function typeOf(name: string): string | undefined {
  return listProcedures().find((procedure) => procedure.name === name)?.type;
}

/** Whether the answer is a stream of events. Over tRPC its refusals are events too, behind a status of 200. */
function isSubscription(name: string): boolean {
  return typeOf(name) === "subscription";
}

/** The call over REST, once for each path that the procedure has. */
export function restCalls(name: string, input: Readonly<Record<string, unknown>>): Call[] {
  return operationsNamed(name).map(({ method, path }) => {
    const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key));
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(input[key]));
    const rest = Object.fromEntries(Object.entries(input).filter(([key]) => !inPath.has(key)));
    if (method !== "GET" && method !== "DELETE") return { method, path: filled, body: rest };
    const query = Object.entries(rest).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
    return { method, path: query.length === 0 ? filled : `${filled}?${query.join("&")}` };
  });
}

/** The call over tRPC, alone and, but for subscriptions, in a batch of one. */
export function trpcCalls(name: string, input: unknown): Call[] {
  if (typeOf(name) === "mutation") {
    return [
      { method: "POST", path: `/trpc/${name}`, body: input },
      { method: "POST", path: `/trpc/${name}?batch=1`, body: { 0: input } },
    ];
  }
  const encode = (value: unknown): string => encodeURIComponent(JSON.stringify(value));
  const alone = { method: "GET", path: `/trpc/${name}?input=${encode(input)}` };
  return isSubscription(name)
    ? [alone]
    : [alone, { method: "GET", path: `/trpc/${name}?batch=1&input=${encode({ 0: input })}` }];
}
