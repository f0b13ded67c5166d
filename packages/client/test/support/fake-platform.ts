import { errorCatalogue, type ErrorCode } from "@deepbot/contract";
import { createClient, type Client } from "../../src/index.ts";

export interface FakeCall {
  /** Such as `worker.append`. */
  procedure: string;
  input: Record<string, unknown>;
}

/**
 * Responds to one call of a procedure.
 *
 * @param index how many calls of the procedure came before
 * @throws {FakeRefusal} to respond with an error of the catalogue, anything else to break the connection
 */
export type Handler = (input: Record<string, unknown>, index: number) => unknown;

export class FakeRefusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    super(code);
    this.code = code;
  }
}

export interface FakePlatform {
  client: Client;
  /** In the order of their arrival. */
  calls: FakeCall[];
  callsOf: (procedure: string) => Record<string, unknown>[];
  /** One entry for each HTTP request: its method, path and query. */
  requests: { method: string; url: URL; headers: Headers }[];
}

type Send = NonNullable<Parameters<typeof createClient>[0]["fetch"]>;

function errorOf(error: unknown): { status: number; shape: object } {
  if (!(error instanceof FakeRefusal)) throw error;
  const { status } = errorCatalogue[error.code];
  return {
    status,
    shape: { error: { message: error.code, code: -32600, data: { code: error.code, httpStatus: status } } },
  };
}

/** A platform that speaks tRPC over `fetch`, in this process, with the responses that a test wants. */
export function createFakePlatform(handlers: Record<string, Handler>): FakePlatform {
  const calls: FakeCall[] = [];
  const requests: FakePlatform["requests"] = [];
  const callsOf = (procedure: string): Record<string, unknown>[] =>
    calls.filter((call) => call.procedure === procedure).map(({ input }) => input);

  const respond = async (call: FakeCall): Promise<{ status: number; shape: object }> => {
    const index = callsOf(call.procedure).length;
    calls.push(call);
    try {
      return { status: 200, shape: { result: { data: await handlers[call.procedure]?.(call.input, index) } } };
    } catch (error) {
      return errorOf(error);
    }
  };
  const send: Send = async (input, init) => {
    const url = new URL(new Request(input).url);
    requests.push({ method: init?.method ?? "GET", url, headers: new Headers(init?.headers) });
    const procedures = url.pathname.replace("/trpc/", "").split(",");
    const isBatch = url.searchParams.has("batch");
    const inputs = JSON.parse(
      typeof init?.body === "string" ? init.body : (url.searchParams.get("input") ?? "{}"),
    ) as Record<string, FakeCall["input"]>;
    const responses = Promise.all(
      procedures.map((procedure, index) =>
        respond({ procedure, input: isBatch ? (inputs[index] ?? {}) : (inputs as FakeCall["input"]) }),
      ),
    );
    const aborted = Promise.withResolvers<never>();
    const signal = init?.signal;
    signal?.addEventListener("abort", () => aborted.reject(signal.reason));
    const all = await Promise.race([responses, aborted.promise]);
    const shapes = all.map(({ shape }) => shape);
    return Response.json(isBatch ? shapes : shapes[0], { status: all[0]?.status ?? 200 });
  };
  const client = createClient({ url: "http://platform.test", headers: () => ({ "x-from": "test" }), fetch: send });
  return { client, calls, callsOf, requests };
}
