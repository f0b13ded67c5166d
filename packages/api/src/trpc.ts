import { statusOf, defaultLocale, timing, type ErrorCode } from "@deepbot/contract";
import { initTRPC, TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import { ZodError, type z } from "zod";
import { AppError } from "./app-error.ts";
import type { Context } from "./context.ts";
import type { AuthenticatedUser } from "./identity/authenticate.ts";
import { environmentKey } from "./identity/service-key.ts";
import { errorCodeOf, toProblem } from "./problem.ts";
import type { RatePolicy, RateSubject } from "./limits/rate-policies.ts";
import { noteIdentity, requestScope } from "./request-scope.ts";
import { JsonStream } from "./shared/json-stream.ts";

/** Actor that may call a procedure. */
export type Access = "public" | "person" | "worker" | "operator" | "admin";

/** Refusals of the base procedures. */
export const accessErrors: Readonly<Record<Access, readonly ErrorCode[]>> = {
  public: [],
  person: ["unauthenticated", "session_invalid"],
  worker: ["key_refused"],
  operator: ["key_refused"],
  admin: ["unauthenticated", "session_invalid", "admin_required"],
};

/** What a procedure declares about itself, as a tRPC procedure and as a REST operation. */
export interface Meta extends OpenApiMeta {
  /** Set by the base procedures. */
  access?: Access;
  /** Which quota a call uses. The base procedures set that of their ordinary calls. */
  rateLimit?: RatePolicy;
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

/** A caller whose credential was accepted. */
interface Admitted<Facts> {
  /** Added to the context of the procedure. */
  facts: Facts;
  /** Whose quota the call uses. */
  subject: RateSubject;
}

type Check<Facts> = (ctx: Context) => Admitted<Facts> | Promise<Admitted<Facts>>;

/** Counts refusals by address; accepted credentials pass whatever else came from there. */
async function checkCaller<Facts>(check: Check<Facts>, ctx: Context): Promise<Admitted<Facts>> {
  try {
    return await check(ctx);
  } catch (error) {
    if (error instanceof AppError) {
      const { useCases, caller, reportRateLimit } = ctx;
      useCases.rateLimits.count({ policy: "refused", subject: caller.network, report: reportRateLimit });
    }
    throw error;
  }
}

async function admit<Facts>(check: Check<Facts>, ctx: Context, policy: RatePolicy): Promise<Facts> {
  try {
    const { facts, subject } = await checkCaller(check, ctx);
    ctx.useCases.rateLimits.count({ policy, subject, report: ctx.reportRateLimit });
    return facts;
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
 * Checks and counts the caller before the input is read, and maps refusals of that and of the procedure. All share one
 * middleware, because each costs more than these do. Both transports and every call of a batch come through here.
 */
function guarded<Facts extends object>(check: Check<Facts>) {
  return t.middleware(async ({ ctx, next, meta }) => {
    const result = await next({ ctx: await admit(check, ctx, meta?.rateLimit ?? "public") });
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

export const publicProcedure = t.procedure
  .meta({ access: "public", rateLimit: "public" })
  .use(guarded(({ caller }) => ({ facts: {}, subject: caller.network })));

interface Authenticated {
  facts: { user: AuthenticatedUser };
  subject: number;
}

/** The signed-in person. Their cookie is renewed in use. */
async function authenticate({ useCases, caller, renewSessionToken }: Context): Promise<Authenticated> {
  const { sessionToken, sessionCookieOutdated } = caller;
  const user = await useCases.identity.authenticate(sessionToken);
  noteIdentity({ userId: user.userId, sessionId: user.sessionId });
  const renewed = user.renewedToken ?? (sessionCookieOutdated ? sessionToken : undefined);
  if (renewed !== undefined) renewSessionToken(renewed);
  return { facts: { user }, subject: user.userId };
}

/** For a signed-in person: the session of the cookie must be alive. */
export const personProcedure = t.procedure.meta({ access: "person", rateLimit: "read" }).use(guarded(authenticate));

/** For a person who signed in a short while ago. */
export const recentPersonProcedure = t.procedure.meta({ access: "person", rateLimit: "read" }).use(
  guarded(async (ctx) => {
    const authenticated = await authenticate(ctx);
    ctx.useCases.identity.requireRecentSignIn(authenticated.facts.user);
    return authenticated;
  }),
);

/** For workers: the service key in `X-Messages-Key` or as the bearer token. */
export const workerProcedure = t.procedure.meta({ access: "worker", rateLimit: "report" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireServiceKey(caller.serviceKey);
    return { facts: { key: environmentKey }, subject: "service_key" };
  }),
);

/** For operators: the key in `X-Health-Key` or as the bearer token. */
export const operatorProcedure = t.procedure.meta({ access: "operator", rateLimit: "operator" }).use(
  guarded(({ useCases, caller }) => {
    useCases.identity.requireHealthKey(caller.healthKey);
    return { facts: {}, subject: "health_key" };
  }),
);

/** For operators by their own account: a signed-in person whose address is in `ADMIN_EMAILS`. */
export const adminProcedure = t.procedure.meta({ access: "admin", rateLimit: "read" }).use(
  guarded(async (ctx) => {
    const authenticated = await authenticate(ctx);
    ctx.useCases.identity.requireAdmin(authenticated.facts.user);
    return authenticated;
  }),
);
