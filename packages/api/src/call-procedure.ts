import { getTRPCErrorFromUnknown, TRPCError } from "@trpc/server";
import type { Context } from "./context.ts";
import type { Meta } from "./trpc.ts";

/** One call of a procedure, by a transport. */
export interface CallOptions {
  ctx: Context;
  path: string;
  type: "query" | "mutation" | "subscription";
  batchIndex: number;
  /** Called after the access check, so a wrong key is refused before a wrong body. */
  getRawInput: () => Promise<unknown>;
  signal: AbortSignal;
}

/** What the middlewares of a procedure hand on: the call, the parsed input, and the context as it grows. */
interface MiddlewareOptions extends Omit<CallOptions, "ctx"> {
  ctx: object;
  meta: Meta | undefined;
  input: unknown;
}

type MiddlewareResult = { ok: true; data: unknown } | { ok: false; error: TRPCError };
type Next = (changed?: Partial<Pick<MiddlewareOptions, "ctx" | "input" | "getRawInput">>) => Promise<MiddlewareResult>;
interface Middleware {
  (options: MiddlewareOptions & { next: Next }): Promise<MiddlewareResult>;
  /** What tRPC made it for, if not a procedure's author wrote it. */
  _type?: "input" | "output";
}

/** The fields of a built procedure by which it is called. Its last middleware is the resolver. */
export interface CallableDefinition {
  meta?: Meta;
  /** Schema of the output, which one of the middlewares applies. */
  output?: { parse: (output: unknown) => unknown };
  middlewares: readonly Middleware[];
}

/** Checks the output as tRPC's middleware does, which copies the result key by key twice. */
function createOutputCheck(output: NonNullable<CallableDefinition["output"]>): Middleware {
  return async ({ next }) => {
    const result = await next();
    if (!result.ok) return result;
    try {
      return { ok: true, data: output.parse(result.data) };
    } catch (cause) {
      throw new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: "Output validation failed", cause });
    }
  };
}

/** The middlewares from `index` on, as tRPC runs them. Its own loop copies objects key by key: a tenth of a short read. */
async function runMiddlewares(
  middlewares: readonly Middleware[],
  index: number,
  options: MiddlewareOptions,
): Promise<MiddlewareResult> {
  const next: Next = (changed = {}) => {
    const ctx = changed.ctx === undefined ? options.ctx : { ...options.ctx, ...changed.ctx };
    return runMiddlewares(middlewares, index + 1, { ...options, ...changed, ctx });
  };
  try {
    const middleware = middlewares[index];
    if (middleware === undefined) throw new Error("The last middleware of a procedure is its resolver.");
    return await middleware({ ...options, next });
  } catch (cause) {
    return { ok: false, error: getTRPCErrorFromUnknown(cause) };
  }
}

/** Calls a procedure as tRPC does: resolves with its output, rejects with a `TRPCError`. */
export function createProcedureCall({ middlewares, meta, output }: CallableDefinition) {
  const outputCheck = output === undefined ? undefined : createOutputCheck(output);
  const own = middlewares.map((middleware) =>
    middleware._type === "output" ? (outputCheck ?? middleware) : middleware,
  );
  return async (options: CallOptions): Promise<unknown> => {
    const result = await runMiddlewares(own, 0, { ...options, meta, input: undefined });
    if (!result.ok) throw result.error;
    return result.data;
  };
}
