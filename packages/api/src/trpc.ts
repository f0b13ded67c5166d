import { statusOf, defaultLocale, timing, type ErrorCode } from "@deepbot/contract";
import { getTRPCErrorFromUnknown, initTRPC, TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import { ZodError, type z } from "zod";
import { AppError } from "./app-error.ts";
import type { Context } from "./context.ts";
import type { AuthenticatedUser } from "./identity/authenticate.ts";
import { errorCodeOf, toProblem } from "./problem.ts";
import { noteIdentity, requestScope } from "./request-scope.ts";
import { JsonStream } from "./shared/json-stream.ts";

/** Actor that may call a procedure. */
export type Access = "public" | "person" | "worker" | "operator";

/** Refusals of the base procedures. */
export const accessErrors: Readonly<Record<Access, readonly ErrorCode[]>> = {
  public: [],
  person: ["unauthenticated", "session_invalid"],
  worker: ["key_refused"],
  operator: ["key_refused"],
};

/** What a procedure declares about itself, as a tRPC procedure and as a REST operation. */
export interface Meta extends OpenApiMeta {
  /** Set by the base procedures. */
  access?: Access;
  /** Refusals of the procedure itself, beside those of its access. The documented statuses follow from them. */
  errors?: readonly ErrorCode[];
  /** Success status, 200 if absent. */
  status?: number;
  /** Further paths of the same operation. */
  aliases?: readonly string[];
  /** Of a subscription: its path as Server-Sent Events, and the schemas of the data by event type. */
  events?: {
    path: `/${string}`;
    tag: string;
    summary: string;
    description: string;
    data: Readonly<Record<string, z.core.$ZodType>>;
  };
  /** File name under which a browser saves the body instead of showing it. */
  attachment?: string;
  /** Whether the body carries an answer, which may be longer than other bodies. */
  carriesAnswer?: boolean;
}

const trpcCodes: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  410: "NOT_FOUND",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  500: "INTERNAL_SERVER_ERROR",
  502: "BAD_GATEWAY",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
};

function trpcCodeOf(code: ErrorCode): TRPC_ERROR_CODE_KEY {
  return code === "json_invalid" ? "PARSE_ERROR" : (trpcCodes[statusOf(code)] ?? "BAD_REQUEST");
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: timing.pingIntervalMs },
      client: { reconnectAfterInactivityMs: 3 * timing.pingIntervalMs },
      maxDurationMs: timing.streamMaxMs,
    },
    errorFormatter: ({ shape, error, ctx }) => {
      const { locale = defaultLocale, requestId = "" } = ctx?.caller ?? requestScope.getStore() ?? {};
      const { status, detail, code, request_id, ...facts } = toProblem(error, { locale, requestId });
      return {
        message: detail,
        code: shape.code,
        data: { ...facts, code: trpcCodeOf(code), httpStatus: status, error_code: code, request_id },
      };
    },
  });

/** Gives a refusal the tRPC code of its status; the cause stays attached. */
function toTrpcError(cause: AppError): TRPCError {
  return new TRPCError({ code: trpcCodeOf(errorCodeOf(cause)), message: cause.message, cause });
}

async function runCheck<Facts>(check: (ctx: Context) => Facts | Promise<Facts>, ctx: Context): Promise<Facts> {
  try {
    return await check(ctx);
  } catch (error) {
    throw error instanceof AppError ? toTrpcError(error) : error;
  }
}

/** Throws what must get another tRPC code; returns for errors that already have the right one. */
function rethrow({ code, cause }: TRPCError): void {
  if (cause instanceof AppError) throw toTrpcError(cause);
  if (cause instanceof ZodError && code !== "INTERNAL_SERVER_ERROR") {
    throw new TRPCError({ code: trpcCodeOf("invalid_input"), message: cause.message, cause });
  }
}

/**
 * Checks the caller before the input is read, and maps refusals of the check and of the procedure. Both share one
 * middleware, because each costs more than these two do.
 */
function guarded<Facts extends object>(check: (ctx: Context) => Facts | Promise<Facts>) {
  return t.middleware(async ({ ctx, next }) => {
    const result = await next({ ctx: await runCheck(check, ctx) });
    if (!result.ok) rethrow(result.error);
    return result;
  });
}

/** Maps refusals of a stream, which it raises after its middlewares have returned. */
export async function* mapStreamErrors<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw error instanceof AppError ? toTrpcError(error) : error;
  }
}

/**
 * The same schema without `parseAsync`, which tRPC would prefer: zod compiles only its synchronous parsers, and no schema of
 * ours has an asynchronous check.
 */
export function sync<Schema extends z.ZodType>(schema: Schema): Schema {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- An object made from a schema inherits all of it.
  return Object.create(schema, { parseAsync: { value: undefined } }) as Schema;
}

function requireStream(value: unknown): JsonStream {
  if (value instanceof JsonStream) return value;
  throw new Error("A streamed output must be a JsonStream.");
}

/**
 * The output of a procedure that returns a {@link JsonStream}. Clients and the document see the schema; nothing checks the
 * output against it but the compiler.
 */
export function streamed<Schema extends z.ZodType>(
  schema: Schema,
): { _input: JsonStream<z.output<Schema>>; _output: z.output<Schema> } {
  return Object.create(schema, { parseAsync: { value: undefined }, parse: { value: requireStream } });
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

export const publicProcedure = t.procedure.meta({ access: "public" }).use(guarded(() => ({})));

/** The signed-in person. Their cookie is renewed in use. */
async function authenticate({ useCases, caller, renewSessionToken }: Context): Promise<{ user: AuthenticatedUser }> {
  const { sessionToken, sessionCookieOutdated } = caller;
  const user = await useCases.identity.authenticate(sessionToken);
  noteIdentity({ userId: user.userId, sessionId: user.sessionId });
  const renewed = user.renewedToken ?? (sessionCookieOutdated ? sessionToken : undefined);
  if (renewed !== undefined) renewSessionToken(renewed);
  return { user };
}

/** For a signed-in person: the session of the cookie must be alive. */
export const personProcedure = t.procedure.meta({ access: "person" }).use(guarded(authenticate));

/** For a person who signed in a short while ago. */
export const recentPersonProcedure = t.procedure.meta({ access: "person" }).use(
  guarded(async (ctx) => {
    const { user } = await authenticate(ctx);
    ctx.useCases.identity.requireRecentSignIn(user);
    return { user };
  }),
);

/** For workers: the service key in `X-Messages-Key` or as the bearer token. */
export const workerProcedure = t.procedure.meta({ access: "worker" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireServiceKey(caller.serviceKey);
    return {};
  }),
);

/** For operators: the key in `X-Health-Key` or as the bearer token. */
export const operatorProcedure = t.procedure.meta({ access: "operator" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireHealthKey(caller.healthKey);
    return {};
  }),
);

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
type Middleware = (options: MiddlewareOptions & { next: Next }) => Promise<MiddlewareResult>;

/** The fields of a built procedure by which it is called. Its last middleware is the resolver. */
export interface CallableDefinition {
  meta?: Meta;
  middlewares: readonly Middleware[];
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
export function createProcedureCall({ middlewares, meta }: CallableDefinition) {
  return async (options: CallOptions): Promise<unknown> => {
    const result = await runMiddlewares(middlewares, 0, { ...options, meta, input: undefined });
    if (!result.ok) throw result.error;
    return result.data;
  };
}
