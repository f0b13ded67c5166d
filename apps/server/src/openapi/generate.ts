import { accessErrors, appRouter, ratePolicies, type Access } from "@deepbot/api/server";
import { statusOf, statusTitles, type ErrorCode } from "@deepbot/contract";
import { generateOpenApiDocument } from "trpc-to-openapi";
import { z } from "zod";
import { listOperations, type Operation } from "../transports/operations.ts";
import { problemSchemas } from "./problem-schemas.ts";
import { headerComponents, rateLimitHeaders, retryHeaders } from "./rate-limit-headers.ts";

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
    description:
      "Set by `POST /create/users`. Over HTTPS its name is `__Host-access_token`; `access_token` is still read there, for one release.",
  },
  serviceKey: {
    type: "apiKey",
    in: "header",
    name: "X-Messages-Key",
    description: "Service key of workers. A request carries one kind of credential.",
  },
  healthKey: { type: "apiKey", in: "header", name: "X-Health-Key", description: "Key of operators." },
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "The same service key or key of operators in `Authorization: Bearer …`.",
  },
} as const;

const tags = [
  { name: "auth", description: "Sign in and out" },
  { name: "account", description: "Devices and data of a person" },
  { name: "dialogs", description: "A person's dialogs" },
  { name: "messages", description: "Send a message and wait for the answer" },
  { name: "runs", description: "Send a message without waiting" },
  { name: "worker", description: "For workers: take questions and answer them" },
  { name: "operator", description: "For operators: people whose address is in `ADMIN_EMAILS`" },
  { name: "health", description: "For the operators' programs" },
];

/** By which of the schemes a caller may prove itself. */
const schemesOf: Readonly<Record<Access, readonly (keyof typeof schemes)[]>> = {
  public: [],
  person: ["cookie"],
  worker: ["serviceKey", "bearer"],
  operator: ["healthKey", "bearer"],
  admin: ["cookie"],
};

/** Errors that a request may meet before or beside its procedure. */
function transportErrors({ inputInQuery, takesInput, procedure }: Operation): readonly ErrorCode[] {
  const { access = "public" } = procedure.meta;
  const always: ErrorCode[] = [
    "bad_request",
    "credentials_mixed",
    "too_many_requests",
    "internal",
    "database_unavailable",
    "database_overloaded",
  ];
  const forInput: ErrorCode[] = takesInput ? ["invalid_input"] : [];
  // Browsers send cookies by themselves, so only operations for people depend on the origin.
  const forOrigin: ErrorCode[] = ["person", "public", "admin"].includes(access) ? ["origin_refused"] : [];
  const forBody: ErrorCode[] = inputInQuery ? [] : ["json_invalid", "payload_too_large", "unsupported_media_type"];
  return [...always, ...forInput, ...forOrigin, ...forBody];
}

function errorCodes(operation: Operation): readonly ErrorCode[] {
  const { access = "public", errors = [] } = operation.procedure.meta;
  return [...errors, ...accessErrors[access], ...transportErrors(operation)];
}

/** Which quota an operation uses, for people. */
function describeQuota({ procedure }: Operation): string {
  const { rateLimit = "public" } = procedure.meta;
  return `; the operation uses the quota \`${rateLimit}\` of its ${ratePolicies[rateLimit].by}`;
}

function problemResponse(status: number, codes: readonly ErrorCode[], operation: Operation): Json {
  const schema = status === 422 ? "InvalidInput" : "Problem";
  const names = codes.map((code) => `\`${code}\``).join(", ");
  const headers = retryHeaders[status];
  const retry = headers === undefined ? "" : "; `Retry-After` says when to try again";
  const quota = status === 429 ? describeQuota(operation) : "";
  return {
    description: `${statusTitles[status] ?? "Error"}: ${names}${retry}${quota}`,
    ...(headers === undefined ? {} : { headers }),
    content: { "application/problem+json": { schema: { $ref: `#/components/schemas/${schema}` } } },
  };
}

/** The error responses of an operation, by rising status. */
function errorResponses(operation: Operation): Json {
  const codes = [...new Set(errorCodes(operation))];
  const statuses = [...new Set(codes.map(statusOf))].toSorted((a, b) => a - b);
  const codesOf = (status: number): ErrorCode[] => codes.filter((code) => statusOf(code) === status).toSorted();
  return Object.fromEntries(
    statuses.map((status) => [String(status), problemResponse(status, codesOf(status), operation)]),
  );
}

function securityOf({ procedure }: Operation): Json[] {
  return schemesOf[procedure.meta.access ?? "public"].map((scheme) => ({ [scheme]: [] }));
}

const attachmentHeaders = {
  "Content-Disposition": { schema: { type: "string" }, description: "Makes a browser save the body as a file" },
};

/** Adds what the generator cannot know: security, error responses and the success status. */
function complete(generated: Json, operation: Operation): Json {
  const { "200": success } = toJson(generated["responses"]);
  const { attachment } = operation.procedure.meta;
  const headers = { ...rateLimitHeaders, ...(attachment === undefined ? {} : attachmentHeaders) };
  return {
    ...generated,
    security: securityOf(operation),
    responses: { [String(operation.status)]: { ...toJson(success), headers }, ...errorResponses(operation) },
  };
}

/** A subscription as an operation with Server-Sent Events. The generator skips subscriptions. */
function describeEvents(operation: Operation): Json {
  const { name, meta } = operation.procedure;
  const { events } = meta;
  if (events === undefined) return {};
  const types = Object.keys(events.data).map((type) => `\`${type}\``);
  const schemas = Object.values(events.data).map((schema) => z.toJSONSchema(schema, { io: "output" }));
  const withoutDialect = schemas.map((schema) => ({ ...schema, $schema: undefined }));
  return {
    operationId: name.replace(".", "-"),
    summary: events.summary,
    description: `${events.description} The \`data\` of the events ${types.join(", ")} is JSON as below.`,
    tags: [events.tag],
    security: securityOf(operation),
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
        headers: rateLimitHeaders,
        content: { "text/event-stream": { schema: { oneOf: withoutDialect } } },
      },
      "204": { description: "The client has had the last event", headers: rateLimitHeaders },
      ...errorResponses(operation),
    },
  };
}

function isAlias({ procedure, path }: Operation): boolean {
  return path !== procedure.meta.openapi?.path && path !== procedure.meta.events?.path;
}

function addAlias(paths: Record<string, Json>, { procedure, method, path }: Operation): void {
  const original = toJson(paths[procedure.meta.openapi?.path ?? ""]?.[method.toLowerCase()]);
  const alias = { ...original, operationId: `${String(original["operationId"])}-alias`, deprecated: true };
  paths[path] = { ...paths[path], [method.toLowerCase()]: alias };
}

/** The OpenAPI 3.1 document of the REST API, as committed in `openapi.json`. */
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
  const operations = listOperations();
  for (const operation of operations.filter((each) => !isAlias(each))) {
    const methods = (paths[operation.path] ??= {});
    const method = operation.method.toLowerCase();
    methods[method] =
      operation.procedure.meta.events === undefined
        ? complete(toJson(methods[method]), operation)
        : describeEvents(operation);
  }
  for (const operation of operations.filter(isAlias)) addAlias(paths, operation);
  const components = { securitySchemes: schemes, headers: headerComponents, schemas: problemSchemas() };
  return { ...generated, tags, paths, components };
}
