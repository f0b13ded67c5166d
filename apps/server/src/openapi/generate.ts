import { appRouter } from "@deepbot/api/server";
import { generateOpenApiDocument } from "trpc-to-openapi";
import { listOperations, type Operation } from "../http/operations.ts";
import { z } from "zod";
import { problemSchemas } from "./problem-schemas.ts";

type Json = Record<string, unknown>;

const jsonSchema = z.record(z.string(), z.unknown());
const toJson = (value: unknown): Json => jsonSchema.parse(value);

const pathsSchema = z.record(z.string(), jsonSchema);
const toPaths = (value: unknown): Record<string, Json> => pathsSchema.parse(value);

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
  { name: "account", description: "Devices and data of a person" },
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

/** Statuses that the edge can give, beside the operation's own: for the request, for the body, and for its origin. */
function edgeStatuses({ method, inputInQuery, takesInput, meta }: Operation): number[] {
  if (method === "GET") return [400, 500, 503];
  const forOrigin = meta.access === "user" || meta.access === "public" ? [403] : [];
  if (inputInQuery) return [400, 500, 503, ...forOrigin];
  return [400, 413, 415, 500, 503, ...(takesInput ? [422] : []), ...forOrigin];
}

function errorStatuses(operation: Operation): number[] {
  const { errorResponses } = operation.meta.openapi ?? {};
  const own = Array.isArray(errorResponses) ? errorResponses : [];
  return [...new Set([...own, ...edgeStatuses(operation)])].toSorted((a, b) => a - b);
}

const attachmentHeaders = {
  "Content-Disposition": { schema: { type: "string" }, description: "Makes a browser save the answer as a file" },
};

/** What the generator cannot say: security of each operation, the true error bodies, the true success status. */
function complete(generated: Json, operation: Operation): Json {
  const { "200": success } = toJson(generated["responses"]);
  const errors = errorStatuses(operation).map((status) => [String(status), problemResponse(status)]);
  const scheme = schemeOf[operation.meta.access ?? "public"];
  const headers = operation.meta.attachment === undefined ? {} : { headers: attachmentHeaders };
  return {
    ...generated,
    security: scheme === undefined ? [] : [{ [scheme]: [] }],
    responses: { [String(operation.status)]: { ...toJson(success), ...headers }, ...Object.fromEntries(errors) },
  };
}

/** A subscription as an operation, which the generator cannot make: Server-Sent Events. */
function describeEvents(operation: Operation): Json {
  const { events } = operation.meta;
  if (events === undefined) return {};
  const types = Object.keys(events.data).map((type) => `\`${type}\``);
  const schemas = Object.values(events.data).map((schema) => z.toJSONSchema(schema, { io: "output" }));
  const withoutDialect = schemas.map((schema) => ({ ...schema, $schema: undefined }));
  const errors = [400, ...events.errorResponses, 500].map((status) => [String(status), problemResponse(status)]);
  return {
    operationId: operation.name.replace(".", "-"),
    summary: events.summary,
    description: `${events.description} The \`data\` of the events ${types.join(", ")} is JSON as below.`,
    tags: [events.tag],
    security: [{ cookie: [] }],
    parameters: [
      { in: "path", name: "run_id", required: true, schema: { type: "integer" }, description: "Id of the run" },
      {
        in: "header",
        name: "Last-Event-ID",
        schema: { type: "string" },
        description: "Id of the last event that the client has",
      },
    ],
    responses: {
      "200": {
        description: "The events",
        content: { "text/event-stream": { schema: { oneOf: withoutDialect } } },
      },
      "204": { description: "The client has had the last event" },
      ...Object.fromEntries(errors),
    },
  };
}

function addAlias(paths: Record<string, Json>, operation: Operation): void {
  const original = toJson(paths[operation.meta.openapi?.path ?? ""]?.[operation.method.toLowerCase()]);
  const alias = { ...original, operationId: `${String(original["operationId"])}-alias`, deprecated: true };
  paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: alias };
}

/** The OpenAPI 3.1 document of the REST door, as committed in `openapi.json`. */
export function generateDocument(): Json {
  const generated = toJson(
    generateOpenApiDocument(appRouter, {
      title: "Deepbot API",
      description: "A chat platform whose answers come from AI programs that run outside it.",
      version: "1.0.0",
      baseUrl: "/",
      openApiVersion: "3.1.0",
    }),
  );
  const paths = toPaths(generated["paths"]);
  const operations = listOperations().filter((operation) => !operation.streams);
  for (const operation of listOperations().filter((each) => each.streams)) {
    paths[operation.path] = { get: describeEvents(operation) };
  }
  for (const operation of operations.filter(({ path, meta }) => path === meta.openapi?.path)) {
    const methods = paths[operation.path] ?? {};
    const method = operation.method.toLowerCase();
    methods[method] = complete(toJson(methods[method]), operation);
  }
  for (const operation of operations.filter(({ path, meta }) => path !== meta.openapi?.path))
    addAlias(paths, operation);
  return { ...generated, tags, paths, components: { securitySchemes: schemes, schemas: problemSchemas } };
}
