import { statusOf, defaultLocale, timing, type ErrorCode } from "@deepbot/contract";
import { initTRPC, TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import { ZodError, type z } from "zod";
import { AppError } from "./app-error.ts";
import type { Context } from "./context.ts";
import { errorCodeOf, toProblem } from "./problem.ts";
import { noteIdentity, requestScope } from "./request-scope.ts";

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

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

export const publicProcedure = t.procedure.meta({ access: "public" }).use(guarded(() => ({})));

/** For a signed-in person: the session of the cookie must be alive. */
export const personProcedure = t.procedure.meta({ access: "person" }).use(
  guarded(async ({ useCases, caller }) => {
    const user = await useCases.identity.authenticate(caller.sessionToken);
    noteIdentity({ userId: user.userId, sessionId: user.sessionId });
    return { user };
  }),
);

/** For workers: the service key in `X-Messages-Key`. */
export const workerProcedure = t.procedure.meta({ access: "worker" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireServiceKey(caller.serviceKey);
    return {};
  }),
);

/** For operators: the key in `X-Health-Key`. */
export const operatorProcedure = t.procedure.meta({ access: "operator" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireHealthKey(caller.healthKey);
    return {};
  }),
);
