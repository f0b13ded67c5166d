import { limits } from "@deepbot/contract";
import { z } from "zod";
import type { Operation } from "../transports/operations.ts";
import { toJson, type Json } from "./convert-schemas.ts";
import type { Example } from "./examples/example.ts";
import { examples } from "./examples/index.ts";
import { schemesOf } from "./info.ts";
import { successHeaders } from "./response-headers.ts";
import { errorResponses } from "./responses.ts";

/** What an operation sends and receives, as JSON Schemas. */
export interface OperationSchemas {
  /** Undefined for an operation without an input. */
  input: Json | undefined;
  /** Undefined for an event stream. */
  output: Json | undefined;
  /** Of an event stream: the data of its events, by type. */
  events: Readonly<Record<string, Json>>;
}

const inputForm = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function exampleOf({ procedure: { name } }: Operation): Example {
  return examples[name] ?? {};
}

function inputKeys({ input }: OperationSchemas) {
  return inputForm.parse(input ?? {});
}

function isInPath({ path }: Operation, key: string): boolean {
  return path.includes(`{${key}}`);
}

const resumeHeader = {
  in: "header",
  name: "Last-Event-ID",
  schema: { type: "string", maxLength: limits.eventIdMax },
  description: "Id of the last event that the client has",
};

/** Path parameters first, then those of the query. */
function parametersOf(operation: Operation, schemas: OperationSchemas): Json[] {
  const { properties, required } = inputKeys(schemas);
  const parameters = Object.entries(properties).flatMap(([name, { description, ...schema }]) => {
    const common = { name, description, schema, example: exampleOf(operation).parameters?.[name] };
    if (isInPath(operation, name)) return [{ ...common, in: "path", required: true }];
    // In REST the position of a stream is a header.
    if (!operation.inputInQuery || operation.procedure.type === "subscription") return [];
    return [{ ...common, in: "query", required: required.includes(name) }];
  });
  const sorted = parameters.toSorted((a, b) => Number(b.in === "path") - Number(a.in === "path"));
  return operation.procedure.type === "subscription" ? [...sorted, resumeHeader] : sorted;
}

function bodyOf(operation: Operation, schemas: OperationSchemas): Json | undefined {
  if (operation.inputInQuery || schemas.input === undefined) return undefined;
  const { properties, required } = inputKeys(schemas);
  const inBody = Object.entries(properties).filter(([key]) => !isInPath(operation, key));
  if (inBody.length === 0) return undefined;
  const needed = required.filter((key) => !isInPath(operation, key));
  const schema = {
    ...schemas.input,
    properties: Object.fromEntries(inBody),
    ...(needed.length === 0 ? { required: undefined } : { required: needed }),
  };
  const example = exampleOf(operation).request;
  return { required: needed.length > 0, content: { "application/json": { schema, example } } };
}

function eventExamples(operation: Operation): Json {
  const { events = {} } = exampleOf(operation);
  return Object.fromEntries(Object.entries(events).map(([type, value]) => [type, { value }]));
}

/** The data of events, told apart by their type. */
function eventSchema(events: OperationSchemas["events"]): Json {
  return {
    oneOf: Object.values(events),
    discriminator: {
      propertyName: "type",
      mapping: Object.fromEntries(Object.entries(events).map(([type, { $ref }]) => [type, $ref])),
    },
  };
}

function successOf(operation: Operation, { output, events }: OperationSchemas): Json {
  const headers = successHeaders(operation);
  if (output !== undefined) {
    const content = { "application/json": { schema: output, example: exampleOf(operation).response } };
    return { [String(operation.status)]: { description: "Success", headers, content } };
  }
  const stream = { schema: eventSchema(events), examples: eventExamples(operation) };
  return {
    "200": { description: "The events", headers, content: { "text/event-stream": stream } },
    "204": { description: "The client has had the last event", headers },
  };
}

/** Summary, description and tags. */
function proseOf({ procedure: { meta } }: Operation): Json {
  const { openapi, events } = meta;
  if (events === undefined) return toJson({ ...openapi, method: undefined, path: undefined });
  const types = Object.keys(events.data).map((type) => `\`${type}\``);
  const description = `${events.description} The \`data\` of the events ${types.join(", ")} is JSON as below.`;
  return { summary: events.summary, description, tags: [events.tag] };
}

/** An operation of the document. */
export function describeOperation(operation: Operation, schemas: OperationSchemas): Json {
  const { name, meta } = operation.procedure;
  const isAlias = operation.path !== meta.openapi?.path && operation.path !== meta.events?.path;
  const parameters = parametersOf(operation, schemas);
  return {
    operationId: `${name.replace(".", "-")}${isAlias ? "-alias" : ""}`,
    ...proseOf(operation),
    ...(isAlias || meta.successor !== undefined ? { deprecated: true } : {}),
    security: schemesOf[meta.access ?? "public"].map((scheme) => ({ [scheme]: [] })),
    ...(parameters.length === 0 ? {} : { parameters }),
    requestBody: bodyOf(operation, schemas),
    responses: { ...successOf(operation, schemas), ...errorResponses(operation) },
  };
}
