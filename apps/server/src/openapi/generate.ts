import { appRouter } from "@deepbot/api/server";
import { generateOpenApiDocument } from "trpc-to-openapi";
import { listOperations, type Operation } from "../http/operations.ts";
import { problemSchemas } from "./problem-schemas.ts";

type Json = { [key: string]: unknown };

const schemes = {
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "access_token",
    description: "Set by `POST /create/users`.",
  },
  messagesKey: {
    type: "apiKey",
    in: "header",
    name: "X-Messages-Key",
    description: "Key of AI services.",
  },
  healthKey: { type: "apiKey", in: "header", name: "X-Health-Key", description: "Key of operators." },
} as const;

const tags = [
  { name: "auth", description: "Signing in and out" },
  { name: "dialogs", description: "A person's dialogs" },
  { name: "messages", description: "Writing and waiting for the answer" },
  { name: "runs", description: "Writing without waiting" },
  { name: "ai", description: "What AI services call" },
  { name: "health", description: "What operators call" },
];

const schemeOf: Readonly<Record<string, keyof typeof schemes | undefined>> = {
  user: "cookie",
  service: "messagesKey",
  operator: "healthKey",
};

const descriptions: Readonly<Record<number, string>> = {
  400: "The request lacks something or is malformed",
  401: "Not signed in",
  403: "Refused",
  404: "Not found",
  409: "Does not fit the present state",
  410: "Gone meanwhile",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "The input is not valid",
  500: "A fault of the server",
  502: "The AI could not answer",
  503: "Not available right now; `Retry-After` says when to try again",
  504: "No answer in time",
};

function problemResponse(status: number): Json {
  const schema = status === 422 ? "InvalidInput" : "Problem";
  return {
    description: descriptions[status] ?? "Error",
    content: { "application/problem+json": { schema: { $ref: `#/components/schemas/${schema}` } } },
  };
}

/** Statuses that any operation can give, beside its own. */
function errorStatuses({ meta, method }: Operation): number[] {
  const own = (meta.openapi?.errorResponses ?? []) as number[];
  return [...new Set([400, ...own, ...(method === "POST" ? [413, 415] : []), 500, 503])].toSorted((a, b) => a - b);
}

/** What the generator cannot say: security of each operation, the true error bodies, the true success status. */
function complete(generated: Json, operation: Operation): Json {
  const { "200": success } = generated["responses"] as Json;
  const errors = errorStatuses(operation).map((status) => [String(status), problemResponse(status)]);
  const scheme = schemeOf[operation.meta.access ?? "public"];
  return {
    ...generated,
    security: scheme === undefined ? [] : [{ [scheme]: [] }],
    responses: { [String(operation.status)]: success, ...Object.fromEntries(errors) },
  };
}

function addAlias(paths: Record<string, Json>, operation: Operation): void {
  const original = paths[operation.meta.openapi?.path ?? ""]?.[operation.method.toLowerCase()] as Json;
  const alias = { ...original, operationId: `${String(original["operationId"])}-alias`, deprecated: true };
  paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: alias };
}

/** The OpenAPI 3.1 document of the REST door, as committed in `openapi.json`. */
export function generateDocument(): Json {
  const generated = generateOpenApiDocument(appRouter, {
    title: "Deepbot API",
    description: "A chat platform whose answers come from AI programs that run outside it.",
    version: "1.0.0",
    baseUrl: "/",
    openApiVersion: "3.1.0",
  }) as unknown as Json;
  const paths = generated["paths"] as Record<string, Json>;
  const operations = listOperations();
  for (const operation of operations.filter(({ path, meta }) => path === meta.openapi?.path)) {
    const methods = paths[operation.path] ?? {};
    const method = operation.method.toLowerCase();
    methods[method] = complete(methods[method] as Json, operation);
  }
  for (const operation of operations.filter(({ path, meta }) => path !== meta.openapi?.path))
    addAlias(paths, operation);
  return { ...generated, tags, paths, components: { securitySchemes: schemes, schemas: problemSchemas } };
}
