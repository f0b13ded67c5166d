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
  /** Whether the procedure has an input; else a body is not even parsed. */
  takesInput: boolean;
  /** Keys of the input whose text in a path or query stands for a number. */
  numericKeys: ReadonlySet<string>;
  /** Keys of the input. */
  keys: ReadonlySet<string>;
  /** Whether unknown keys are refused rather than ignored. */
  strict: boolean;
  meta: Meta;
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
  const fields = Object.entries(schema.shape as Record<string, unknown>);
  const numeric = fields.filter(([, field]) => unwrap(field) instanceof z.ZodNumber);
  return {
    takesInput: true,
    numericKeys: new Set(numeric.map(([key]) => key)),
    keys: new Set(fields.map(([key]) => key)),
    strict: schema.def.catchall instanceof z.ZodNever,
  };
}

function operationsOf(name: string, procedure: Procedure): Operation[] {
  const { meta, type, inputs } = procedure._def as unknown as ProcedureDefinition;
  if (!meta?.openapi) return [];
  const operation: Operation = {
    name,
    method: meta.openapi.method,
    path: meta.openapi.path,
    status: meta.status ?? 200,
    bodyLimit: meta.carriesAnswer ? answerBodyLimit : bodyLimit,
    ...describeInput(inputs[0]),
    meta,
    call: (options) => procedure({ ...options, path: name, type, batchIndex: 0 }),
  };
  return [operation, ...(meta.aliases ?? []).map((path) => ({ ...operation, path }))];
}

/** Every REST operation of the tree, aliases included. */
export function listOperations(): Operation[] {
  const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>;
  return Object.entries(procedures).flatMap(([name, procedure]) => operationsOf(name, procedure));
}
