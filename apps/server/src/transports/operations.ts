import {
  appRouter,
  createProcedureCall,
  type CallableDefinition,
  type CallOptions,
  type Meta,
} from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import { z } from "zod";

/** A procedure, as both transports call it. */
export interface Procedure {
  /** Its path in the router, such as `dialogs.create`. */
  name: string;
  type: "query" | "mutation" | "subscription";
  meta: Meta;
  /** Schema of the input; undefined if the procedure takes none. */
  inputSchema: unknown;
  /** Schema of the output; undefined for a subscription. */
  outputSchema: unknown;
  /** Longest body in bytes. */
  bodyLimit: number;
  call: (options: CallOptions) => Promise<unknown>;
}

/** A procedure as a REST operation. */
export interface Operation {
  procedure: Procedure;
  method: string;
  /** With `{parameter}` segments. */
  path: string;
  /** Success status. */
  status: number;
  /** Whether the input that is not in the path is in the query: GET and DELETE have no body. */
  inputInQuery: boolean;
  takesInput: boolean;
  /** Keys of the input that are numbers. In a path or query they are text. */
  numericKeys: ReadonlySet<string>;
  keys: ReadonlySet<string>;
  /** Whether unknown keys are refused rather than ignored. */
  strict: boolean;
}

interface ProcedureDefinition extends CallableDefinition {
  type: Procedure["type"];
  inputs: unknown[];
}

function describeProcedure([name, { _def: definition }]: [string, { _def: ProcedureDefinition }]): Procedure {
  const { meta = {}, type, inputs } = definition;
  const bodyLimit = meta.carriesAnswer === true ? limits.answerBodyMaxBytes : limits.bodyMaxBytes;
  const [inputSchema] = inputs;
  const call = createProcedureCall(definition);
  return { name, type, meta, inputSchema, outputSchema: definition.output, bodyLimit, call };
}

/** Every procedure of the router. */
export function listProcedures(): Procedure[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tRPC keeps these fields, but not in its types.
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: ProcedureDefinition }>;
  return Object.entries(procedures).map(describeProcedure);
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}

function describeInput(schema: unknown): Pick<Operation, "takesInput" | "numericKeys" | "keys" | "strict"> {
  if (!(schema instanceof z.ZodObject)) {
    return { takesInput: false, numericKeys: new Set(), keys: new Set(), strict: false };
  }
  const fields = Object.entries<unknown>(schema.shape);
  const numeric = fields.filter(([, field]) => unwrap(field) instanceof z.ZodNumber);
  return {
    takesInput: true,
    numericKeys: new Set(numeric.map(([key]) => key)),
    keys: new Set(fields.map(([key]) => key)),
    strict: schema.def.catchall instanceof z.ZodNever,
  };
}

function operationsOf(procedure: Procedure): Operation[] {
  const { meta, inputSchema } = procedure;
  const path = meta.openapi?.path ?? meta.events?.path;
  if (path === undefined) return [];
  const method = meta.openapi?.method ?? "GET";
  const operation: Operation = {
    procedure,
    method,
    path,
    status: meta.status ?? 200,
    inputInQuery: method === "GET" || method === "DELETE",
    ...describeInput(inputSchema),
  };
  return [operation, ...(meta.aliases ?? []).map((alias) => ({ ...operation, path: alias }))];
}

/** Every REST operation of the router, aliases included. */
export function listOperations(): Operation[] {
  return listProcedures().flatMap(operationsOf);
}
