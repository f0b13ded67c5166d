import {
  errorCatalogue,
  errorMessage,
  factSchemas,
  problem,
  problemTypeOf,
  statusTitles,
  validationIssue,
  type ErrorCode,
  type ErrorEntry,
} from "@deepbot/contract";
import { convertSchemas, toJson, type Json } from "./convert-schemas.ts";
import { problemSchemaName } from "./problem-names.ts";

const { schemas } = convertSchemas({ problem, validationIssue }, "output");
const facts = convertSchemas(factSchemas, "output").schemas;

const issues = { type: "array", items: { $ref: "#/components/schemas/ValidationIssue" } };

/** Members that a code adds to those of every error. */
function factsOf(code: ErrorCode): { properties: Json; required: readonly string[] } {
  const { facts: always = [], optionalFacts = [] }: ErrorEntry = errorCatalogue[code];
  const properties = Object.fromEntries([...always, ...optionalFacts].map((name) => [name, facts[name]]));
  if (code !== "invalid_input") return { properties, required: always };
  return { properties: { errors: issues }, required: ["errors"] };
}

/** The error with one code. Says all by itself, because generators of clients tell such schemas apart best. */
function schemaOf(code: ErrorCode): Json {
  const { status } = errorCatalogue[code];
  const common = toJson(schemas["problem"]?.["properties"]);
  const added = factsOf(code);
  const required = ["type", "title", "status", "detail", "code", "request_id", ...added.required];
  return {
    type: "object",
    description: errorMessage(code, "en"),
    properties: {
      type: { type: "string", const: problemTypeOf(code) },
      title: { type: "string", const: statusTitles[status] },
      status: { type: "integer", format: "int32", const: status },
      detail: common["detail"],
      code: { type: "string", const: code },
      request_id: common["request_id"],
      ...added.properties,
    },
    required,
  };
}

/** Error bodies of these codes, for `components.schemas`, generated from the error catalogue. */
export function problemSchemas(codes: readonly ErrorCode[]): Record<string, Json> {
  return {
    Problem: {
      ...schemas["problem"],
      description: "What every error has (RFC 9457). Each code has a schema of its own, with the members that it adds.",
    },
    ValidationIssue: { ...schemas["validationIssue"], description: "One thing that is wrong with an input." },
    ...Object.fromEntries(codes.map((code) => [problemSchemaName(code), schemaOf(code)])),
  };
}

const referTo = (code: ErrorCode): string => `#/components/schemas/${problemSchemaName(code)}`;

/** The schema of a response that has one of these codes. */
export function problemSchemaFor(codes: readonly ErrorCode[]): Json {
  const [only, ...others] = codes;
  if (only !== undefined && others.length === 0) return { $ref: referTo(only) };
  return {
    oneOf: codes.map((code) => ({ $ref: referTo(code) })),
    discriminator: {
      propertyName: "code",
      mapping: Object.fromEntries(codes.map((code) => [code, referTo(code)])),
    },
  };
}
