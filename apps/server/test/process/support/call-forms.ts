import { restCalls, type Call } from "../../guard/support/procedures.ts";

/** What one call came to. A batch has one for each of its calls. */
export interface Outcome {
  status: number;
  /** `ok`, or the code of the error. */
  code: string;
  /** Of a refusal by a rate limit. */
  policy?: string;
  /** Of a refusal by a quota of the day. */
  quota?: string;
}

/** A server, and who calls it. */
export interface Caller {
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** How many calls {@link callInAllForms} makes. */
export const formCount = 5;

interface Problem {
  code?: string;
  policy?: string;
  quota?: string;
}

interface Envelope {
  error?: { data: Problem & { httpStatus: number } };
}

function outcomeOf(status: number, { code = "ok", policy, quota }: Problem): Outcome {
  return {
    status,
    code,
    ...(policy === undefined ? {} : { policy }),
    ...(quota === undefined ? {} : { quota }),
  };
}

function outcomeOfEnvelope(status: number, { error }: Envelope): Outcome {
  return error === undefined ? outcomeOf(status, {}) : outcomeOf(error.data.httpStatus, error.data);
}

async function send({ url, headers }: Caller, { method, path, body }: Call): Promise<Outcome[]> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status } = response;
  const received: unknown = await response.json();
  if (Array.isArray(received)) return (received as Envelope[]).map((item) => outcomeOfEnvelope(200, item));
  if (path.startsWith("/trpc/")) return [outcomeOfEnvelope(status, received as Envelope)];
  return [outcomeOf(status, response.ok ? {} : (received as Problem))];
}

/**
 * Calls a procedure at one moment in all forms that a client can give it: over REST without and with a slash at the end, over
 * tRPC alone, and in a batch of two.
 *
 * @param inputs one for each of the {@link formCount} calls; without them the procedure takes none
 */
export async function callInAllForms(caller: Caller, name: string, inputs?: readonly object[]): Promise<Outcome[]> {
  const [first, slashed, alone, ...batch] = inputs ?? [];
  const [plain] = restCalls(name, { ...first });
  const [withSlash] = restCalls(name, { ...slashed });
  if (plain === undefined || withSlash === undefined) throw new Error(`There is no operation of ${name}.`);
  const { method } = plain;
  const trpc = (path: string, body: object | undefined): Call =>
    method === "GET" ? { method, path } : { method: "POST", path, body };
  const outcomes = await Promise.all([
    send(caller, plain),
    send(caller, { ...withSlash, path: `${withSlash.path}/` }),
    send(caller, trpc(`/trpc/${name}`, alone)),
    send(caller, trpc(`/trpc/${name},${name}?batch=1`, Object.fromEntries(batch.entries()))),
  ]);
  return outcomes.flat();
}

/** How often each outcome came, by its code and quota. */
export function countOutcomes(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, quota } of outcomes) {
    const key = quota === undefined ? code : `${code}: ${quota}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
