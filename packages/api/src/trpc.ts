import { initTRPC, TRPCError } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import { ZodError, type z } from "zod";
import type { Context } from "./context.ts";
import { DomainError } from "./domain/errors.ts";
import { defaultLocale } from "./domain/locale.ts";
import { errorMap } from "./error-map.ts";
import { errorCodeOf, toProblem } from "./problem.ts";
import { requestScope } from "./request-scope.ts";

/** What a procedure says of itself as a REST operation. */
export interface Meta extends OpenApiMeta {
  /** Who may call it; set by the base procedures. */
  access?: "public" | "user" | "service" | "operator";
  /** Success status, 200 if absent. */
  status?: number;
  /** Further paths of the same operation. */
  aliases?: readonly string[];
  /** Of a subscription: the path of the same as Server-Sent Events, and the schemas of their data by type. */
  events?: {
    path: `/${string}`;
    tag: string;
    summary: string;
    description: string;
    errorResponses: readonly number[];
    data: Readonly<Record<string, z.core.$ZodType>>;
  };
  /** Under which name a browser saves the answer of the REST operation, instead of showing it. */
  attachment?: string;
  /** Whether the body carries an answer, which may be longer than other bodies. */
  carriesAnswer?: boolean;
}

/** Shorter than any proxy's patience. */
export const pingIntervalMs = 15_000;

/** After this long a client connects anew, and is checked anew. */
export const maxWatchMs = 15 * 60_000;

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: pingIntervalMs },
      client: { reconnectAfterInactivityMs: 3 * pingIntervalMs },
      maxDurationMs: maxWatchMs,
    },
    errorFormatter: ({ shape, error, ctx }) => {
      const { locale = defaultLocale, requestId = "" } = ctx?.caller ?? requestScope.getStore() ?? {};
      const { status, detail, code, request_id, ...facts } = toProblem(error, { locale, requestId });
      return {
        message: detail,
        code: shape.code,
        data: { ...facts, code: errorMap[code].trpc, httpStatus: status, error_code: code, request_id },
      };
    },
  });

/** Gives a refusal the tRPC code that the error map has for it; the cause stays attached. */
function withMappedCode(cause: DomainError): TRPCError {
  return new TRPCError({ code: errorMap[errorCodeOf(cause)].trpc, message: cause.message, cause });
}

async function mapped<Facts>(check: (ctx: Context) => Facts | Promise<Facts>, ctx: Context): Promise<Facts> {
  try {
    return await check(ctx);
  } catch (error) {
    throw error instanceof DomainError ? withMappedCode(error) : error;
  }
}

/** Returns for errors that are good as they are. */
function throwMapped({ code, cause }: TRPCError): void {
  if (cause instanceof DomainError) throw withMappedCode(cause);
  if (cause instanceof ZodError && code !== "INTERNAL_SERVER_ERROR") {
    throw new TRPCError({ code: errorMap.invalid_input.trpc, message: cause.message, cause });
  }
}

/**
 * Lets in whom `check` does not refuse, before the input is looked at, and maps what it and the procedure raise. One
 * middleware for both: a call through another one costs more than what these do.
 */
function guarded<Facts extends object>(check: (ctx: Context) => Facts | Promise<Facts>) {
  return t.middleware(async ({ ctx, next }) => {
    const result = await next({ ctx: await mapped(check, ctx) });
    if (!result.ok) throwMapped(result.error);
    return result;
  });
}

/** The same for what a stream raises, which comes after its middlewares are through. */
export async function* mapStreamErrors<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw error instanceof DomainError ? withMappedCode(error) : error;
  }
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Open to everybody. */
export const publicProcedure = t.procedure.meta({ access: "public" }).use(guarded(() => ({})));

/** For a signed-in person: the cookie's session must be alive. */
export const userProcedure = t.procedure
  .meta({ access: "user" })
  .use(guarded(async ({ services, caller }) => ({ user: await services.auth.authenticate(caller.sessionToken) })));

/** For AI services: `X-Messages-Key`. */
export const serviceProcedure = t.procedure.meta({ access: "service" }).use(
  guarded(({ services, caller }) => {
    services.auth.checkMessagesKey(caller.messagesKey);
    return {};
  }),
);

/** For operators: `X-Health-Key`. */
export const operatorProcedure = t.procedure.meta({ access: "operator" }).use(
  guarded(({ services, caller }) => {
    services.auth.checkHealthKey(caller.healthKey);
    return {};
  }),
);
