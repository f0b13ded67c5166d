import { statusOf, type ErrorCode } from "@deepbot/contract";
import { Refusal, type Path, type Procedures } from "./stand-in-procedures.ts";

/** What a test makes go wrong in the network and on the server. */
export interface Conditions {
  isOffline: boolean;
  /** Refuses the next call of a procedure, before it does anything. */
  refuseNext: Map<string, ErrorCode>;
  /** Carries out the next call of a procedure and loses the response. */
  loseNextResponse: Set<string>;
  /** Calls of these procedures get no response until the promise resolves. */
  held: Map<string, Promise<void>>;
}

type Result = { result: { data: unknown } } | { error: object };

const json = { "content-type": "application/json" };

function errorOf(code: ErrorCode): Result {
  const data = { code, httpStatus: statusOf(code) };
  return { error: { code: -32_000, message: `The server's sentence for ${code}.`, data } };
}

/** The client sends its bodies as text. */
function bodyOf(init: RequestInit | undefined): string | null {
  return typeof init?.body === "string" ? init.body : null;
}

/** Responds to calls as the server's tRPC transport does. Throws what `fetch` throws when the network is down. */
export class StandInTransport {
  readonly conditions: Conditions = {
    isOffline: false,
    refuseNext: new Map(),
    loseNextResponse: new Set(),
    held: new Map(),
  };
  /** Paths of the calls that reached the server, in order. */
  readonly calls: string[] = [];
  readonly #procedures: Procedures;

  constructor(procedures: Procedures) {
    this.#procedures = procedures;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    if (url.pathname === "/dev/google-token") return this.#issueToken(init);
    const paths = url.pathname.slice("/trpc/".length).split(",");
    const isBatch = url.searchParams.has("batch");
    const inputs: unknown = JSON.parse(bodyOf(init) ?? url.searchParams.get("input") ?? "{}");
    const results = await Promise.all(
      paths.map((path, index) => this.#call(path, isBatch ? Reflect.get(Object(inputs), index) : inputs)),
    );
    init?.signal?.throwIfAborted();
    return new Response(JSON.stringify(isBatch ? results : results[0]), { status: 200, headers: json });
  };

  async #issueToken(init?: RequestInit): Promise<Response> {
    if (this.conditions.isOffline) throw new TypeError("Failed to fetch");
    const { given_name }: { given_name: string } = JSON.parse(bodyOf(init) ?? "{}");
    return new Response(JSON.stringify({ token: given_name }), { headers: json });
  }

  async #call(path: string, input: unknown): Promise<Result> {
    const { conditions } = this;
    if (conditions.isOffline) throw new TypeError("Failed to fetch");
    this.calls.push(path);
    await conditions.held.get(path);
    const refusal = conditions.refuseNext.get(path);
    conditions.refuseNext.delete(path);
    if (refusal !== undefined) return errorOf(refusal);
    const result = this.#run(path, input);
    if (conditions.loseNextResponse.delete(path)) throw new TypeError("Failed to fetch");
    return result;
  }

  #run(path: string, input: unknown): Result {
    if (!Object.hasOwn(this.#procedures, path)) return errorOf("not_found");
    // The client's input has the type of the procedure that it names.
    const procedure = this.#procedures[path as Path] as (input: unknown) => unknown;
    try {
      return { result: { data: procedure(input) } };
    } catch (error) {
      return errorOf(error instanceof Refusal ? error.code : "internal");
    }
  }
}
