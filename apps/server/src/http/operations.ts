import { appRouter, type Context, type Meta } from "@deepbot/api/server";
import type { AnyTRPCProcedure } from "@trpc/server";
import { z } from "zod";
import { answerBodyLimit, bodyLimit } from "./body.ts";

/** A procedure as a REST operation. */
export interface Operation {
  /** Path of the procedure in the tree, such as `dialogs.create`. */
  name: string;
  method: string;
  /** With `{parameter}` segments. */
  path: string;
  status: number;
  bodyLimit: number;
  /** Whether the input that is not in the path is in the query: GET and DELETE have no body. */
  inputInQuery: boolean;
  /** Whether the procedure has an input; else a body is not even parsed. */
  takesInput: boolean;
  /** Keys of the input whose text in a path or query stands for a number. */
  numericKeys: ReadonlySet<string>;
  /** Keys of the input. */
  keys: ReadonlySet<string>;
  /** Whether unknown keys are refused rather than ignored. */
  strict: boolean;
  meta: Meta;
  /** Whether the call gives items one by one, to be sent as Server-Sent Events. */
  streams: boolean;
  call: (options: {
    ctx: Context;
    getRawInput: () => Promise<unknown>;
    signal: AbortSignal | undefined;
  }) => Promise<unknown>;
}

type Procedure = AnyTRPCProcedure & ((options: unknown) => Promise<unknown>);

interface ProcedureDefinition {
  type: "query" | "mutation" | "subscription";
  meta?: Meta;
  inputs: unknown[];
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

function operationsOf(name: string, procedure: Procedure): Operation[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tRPC keeps these fields, but not in its types.
  const { meta, type, inputs } = procedure._def as unknown as ProcedureDefinition;
  const path = meta?.openapi?.path ?? meta?.events?.path;
  if (meta === undefined || path === undefined) return [];
  const method = meta.openapi?.method ?? "GET";
  const operation: Operation = {
    name,
    method,
    path,
    inputInQuery: method === "GET" || method === "DELETE",
    streams: type === "subscription",
    status: meta.status ?? 200,
    bodyLimit: meta.carriesAnswer ? answerBodyLimit : bodyLimit,
    ...describeInput(inputs[0]),
    meta,
    call: (options) => procedure({ ...options, path: name, type, batchIndex: 0 }),
  };
  return [operation, ...(meta.aliases ?? []).map((alias) => ({ ...operation, path: alias }))];
}

/** Every REST operation of the tree, aliases included. */
export function listOperations(): Operation[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A procedure can be called, but its type does not say how.
  const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>;
  return Object.entries(procedures).flatMap(([name, procedure]) => operationsOf(name, procedure));
}
