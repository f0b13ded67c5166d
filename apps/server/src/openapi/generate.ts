import { z } from "zod";
import { listOperations, type Operation } from "../transports/operations.ts";
import { convertSchemas, toJson, type ConvertedSchemas, type Json } from "./convert-schemas.ts";
import { describeOperation, type OperationSchemas } from "./describe-operation.ts";
import { info, securitySchemes, servers, tags } from "./info.ts";
import { problemSchemas } from "./problem-schemas.ts";
import { errorCodesOf } from "./responses.ts";
import { headerComponents } from "./response-headers.ts";

function schemasBy(
  operations: readonly Operation[],
  select: (operation: Operation) => unknown,
): Record<string, z.core.$ZodType> {
  const entries = operations.map((operation) => [operation.procedure.name, select(operation)] as const);
  return Object.fromEntries(
    entries.flatMap(([name, schema]) => (schema instanceof z.core.$ZodType ? [[name, schema]] : [])),
  );
}

function eventSchemas(operations: readonly Operation[]): Record<string, z.core.$ZodType> {
  return Object.fromEntries(
    operations.flatMap(({ procedure: { name, meta } }) =>
      Object.entries(meta.events?.data ?? {}).map(([type, schema]) => [`${name} ${type}`, schema]),
    ),
  );
}

function schemasOf(
  { procedure: { name, meta } }: Operation,
  { inputs, outputs }: Record<"inputs" | "outputs", ConvertedSchemas>,
): OperationSchemas {
  const types = Object.keys(meta.events?.data ?? {});
  return {
    input: inputs.schemas[name],
    output: outputs.schemas[name],
    events: Object.fromEntries(types.map((type) => [type, outputs.schemas[`${name} ${type}`] ?? {}])),
  };
}

/** @throws if a schema of this name looks different in requests and in responses */
function mergeComponents(...groups: readonly Record<string, Json>[]): Record<string, Json> {
  const merged = new Map<string, Json>();
  for (const [name, schema] of groups.flatMap((group) => Object.entries(group))) {
    const other = merged.get(name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(schema)) {
      throw new Error(`There are two schemas with the id ${name}: requests need one of their own.`);
    }
    merged.set(name, schema);
  }
  return Object.fromEntries([...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The OpenAPI 3.1 document of the REST API, as committed in `openapi.json`. */
export function generateDocument(): Json {
  const operations = listOperations();
  const inputs = convertSchemas(
    schemasBy(operations, ({ procedure }) => procedure.inputSchema),
    "input",
  );
  const outputs = convertSchemas(
    { ...schemasBy(operations, ({ procedure }) => procedure.outputSchema), ...eventSchemas(operations) },
    "output",
  );
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const described = describeOperation(operation, schemasOf(operation, { inputs, outputs }));
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: described };
  }
  const codes = [...new Set(operations.flatMap(errorCodesOf))].toSorted();
  const schemas = mergeComponents(inputs.components, outputs.components, problemSchemas(codes));
  const components = { securitySchemes, headers: headerComponents, schemas };
  const document = { openapi: "3.1.0", info, servers, tags, paths, components };
  // As it is read back: without what is undefined.
  return toJson(JSON.parse(JSON.stringify(document)));
}
