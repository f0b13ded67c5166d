import { appRouter } from "@deepbot/api/server";
import { claimOutput, errorCatalogue, runEventSchemas, runOutput, runStates } from "@deepbot/contract";
import { z } from "zod";
import { schemaType, type Names } from "./schema-to-type.ts";

/** What the router says of one procedure. */
interface Procedure {
  type: "query" | "mutation" | "subscription";
  inputs?: z.core.$ZodType[];
  output?: z.core.$ZodType;
}

const literals = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(" | ");

const failureClasses = [...new Set(Object.values(errorCatalogue).map(({ failure }) => failure))];

const states: Names = new Map([[literals(runStates), "RunState"]]);

const outputType = (schema: z.core.$ZodType): string => schemaType(schema, "output", states);

const run = outputType(runOutput);
const claimedRun = outputType(claimOutput.shape.runs.element);
const named: Names = new Map([...states, [run, "WireRun"], [claimedRun, "ClaimedRun"]]);

function inputType({ inputs = [] }: Procedure): string {
  const types = inputs.map((schema) => schemaType(schema, "input"));
  return types.length === 0 ? "void" : types.join(" & ");
}

function callType(procedure: Procedure): string {
  const input = inputType(procedure);
  if (procedure.type === "subscription") return `Subscription<${input}, RunEvent>`;
  const output = procedure.output === undefined ? "unknown" : schemaType(procedure.output, "output", named);
  return `${procedure.type === "query" ? "Query" : "Mutation"}<${input}, ${output}>`;
}

function clientType(): string {
  const namespaces = new Map<string, string[]>();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- tRPC keeps these fields, but not in its types.
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: Procedure }>;
  for (const [path, { _def: procedure }] of Object.entries(procedures)) {
    const [namespace = "", name = ""] = path.split(".");
    const members = namespaces.get(namespace) ?? [];
    members.push(`    ${name}: ${callType(procedure).replaceAll("\n", "\n    ")};\n`);
    namespaces.set(namespace, members);
  }
  return [...namespaces].map(([name, members]) => `  ${name}: {\n${members.join("")}  };\n`).join("");
}

/** The module `src/wire.ts` with every type written out, so that it needs neither the server's packages nor tRPC. */
export function wireTypes(): string {
  const events = Object.values(runEventSchemas).map((schema) => schemaType(schema, "output", named));
  return `export type RunState = ${literals(runStates)};
export type FailureClass = ${literals(failureClasses)};
export type ErrorCode = ${literals(Object.keys(errorCatalogue).toSorted())};

/** A run as it travels over the wire. */
export type WireRun = ${run};

/** A run as a claim returns it: its ids, its lease and the dialog so far, whose last message is the question. */
export type ClaimedRun = ${claimedRun};

/** What a subscriber of a run receives. Unknown types of later versions are to be ignored. */
export type RunEvent = ${events.join(" | ")};

export interface CallOptions {
  signal?: AbortSignal;
}

export interface Query<Input, Output> {
  query: (input: Input, options?: CallOptions) => Promise<Output>;
}

export interface Mutation<Input, Output> {
  mutate: (input: Input, options?: CallOptions) => Promise<Output>;
}

export interface SubscriptionHandlers<Event> {
  onData?: (event: { id: string; data: Event }) => void;
  onError?: (error: unknown) => void;
  onComplete?: () => void;
}

export interface Subscription<Input, Event> {
  subscribe: (input: Input, handlers: SubscriptionHandlers<Event>) => { unsubscribe: () => void };
}

/** The platform's procedures, fully typed. */
export interface Client {
${clientType()}}
`;
}
