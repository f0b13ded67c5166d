import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import openApiDocument from "../../openapi.json" with { type: "json" };
import { splitTarget, type Reply, type Target } from "./http.ts";

interface DocumentedResponse {
  content?: Record<string, { schema: object }>;
}

export interface DocumentedOperation {
  method: string;
  /** With `{parameter}` segments. */
  path: string;
  security: Record<string, string[]>[];
  responses: Record<string, DocumentedResponse>;
  requestBody?: { content: Record<string, { schema: object }> };
}

type Paths = Record<string, Record<string, Omit<DocumentedOperation, "method" | "path">>>;

const paths = openApiDocument.paths as unknown as Paths;

/** Every operation of the published document. */
export const documented: readonly DocumentedOperation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
);

function fits(template: string, path: string): boolean {
  const segments = path.split("/");
  const wanted = template.split("/");
  return (
    segments.length === wanted.length &&
    wanted.every((segment, index) => segment.startsWith("{") || segment === segments[index])
  );
}

/** The documented operation that a request reaches; fixed paths win over those with parameters. */
function findDocumented(target: Target): DocumentedOperation | undefined {
  const { method, path } = splitTarget(target);
  const [bare = ""] = path.split("?");
  const candidates = documented.filter((operation) => operation.method === method && fits(operation.path, bare));
  return candidates.find((operation) => operation.path === bare) ?? candidates[0];
}

/**
 * The same schemas without room for other members. The document leaves it to later versions; of this one, a test must see
 * a member that the document does not have.
 */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const closed = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
  const isOpenObject = typeof closed["properties"] === "object" && closed["additionalProperties"] === undefined;
  return isOpenObject && closed["type"] === "object" ? { ...closed, additionalProperties: false } : closed;
}

const { schemas } = openApiDocument.components;
const closedComponents = { ...openApiDocument.components, schemas: close(schemas) };

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
// Schemas refer to `#/components/...`: each is compiled with the components beside it.
ajv.addVocabulary(["components", "discriminator"]);
for (const integers of ["int32", "int64"]) ajv.addFormat(integers, true);
ajv.addFormat("uuid", /^[0-9a-f-]{36}$/i);
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** By the schema's text: most refusals share one. */
const compiled = new Map<string, ValidateFunction>();

function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const validate = ajv.compile({ ...(close(schema) as object), components: closedComponents });
  compiled.set(text, validate);
  return validate;
}

/** What is wrong with a value by a schema of the document; undefined when nothing is. */
export function findSchemaIssue(schema: object, value: unknown): string | undefined {
  const validate = validatorOf(schema);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

function findMismatch(target: Target, { status, headers, body }: Reply): string | undefined {
  const operation = findDocumented(target);
  if (operation === undefined) return "is no operation of the document";
  const response = operation.responses[String(status)];
  if (response === undefined) return `answered ${status}, which the document does not list`;
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  const schema = response.content?.[type]?.schema;
  if (schema === undefined) return `answered ${status} as ${type}, which the document does not list`;
  const issue = findSchemaIssue(schema, body);
  return issue === undefined ? undefined : `answered ${status} with a body that its schema refuses: ${issue}`;
}

/** @throws when the document does not allow the answer: an unlisted status or content type, a body of another shape */
export function checkDocumented(target: Target, reply: Reply): void {
  const mismatch = findMismatch(target, reply);
  if (mismatch !== undefined) throw new Error(`${target} ${mismatch}\n${reply.text.slice(0, 500)}`);
}
