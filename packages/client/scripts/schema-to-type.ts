import { z } from "zod";

const jsonSchema = z.record(z.string(), z.unknown());
type Json = z.infer<typeof jsonSchema>;

const list = (value: unknown): Json[] => z.array(jsonSchema).parse(value ?? []);

/** Types that have a name, by the text of each. */
export type Names = ReadonlyMap<string, string>;

interface Scope {
  names: Names;
  /** Schemas that others refer to. */
  definitions: Json;
}

function refer(reference: string, { definitions }: Scope): Json {
  return jsonSchema.parse(definitions[reference.replace("#/$defs/", "")]);
}

/** The description of a schema, or of the one that it refers to or may be besides null. */
function describe({ description, $ref, anyOf }: Json, scope: Scope): string | undefined {
  if (typeof description === "string") return description;
  if (typeof $ref === "string") return describe(refer($ref, scope), scope);
  const members = list(anyOf).filter(({ type }) => type !== "null");
  return members.length === 1 ? describe(members[0] ?? {}, scope) : undefined;
}

function comment(json: Json, scope: Scope): string {
  const description = describe(json, scope);
  return description === undefined ? "" : `  /** ${description.replaceAll("*/", "* /")} */\n`;
}

function objectType(json: Json, scope: Scope): string {
  const properties = Object.entries(jsonSchema.parse(json["properties"] ?? {}));
  if (properties.length === 0) {
    if (json["additionalProperties"] === false) return "Record<string, never>";
    const values = jsonSchema.safeParse(json["additionalProperties"]);
    return `Record<string, ${values.success ? typeOf(values.data, scope) : "unknown"}>`;
  }
  const required = z.array(z.string()).parse(json["required"] ?? []);
  const members = properties.map(([name, value]) => {
    const property = jsonSchema.parse(value);
    const type = typeOf(property, scope).replaceAll("\n", "\n  ");
    const mark = required.includes(name) ? "" : "?";
    return `${comment(property, scope)}  ${name}${mark}: ${type}${mark === "" ? "" : " | undefined"};\n`;
  });
  return `{\n${members.join("")}}`;
}

function union(members: Json[], scope: Scope): string {
  return [...new Set(members.map((member) => typeOf(member, scope)))].join(" | ");
}

function arrayType(json: Json, scope: Scope): string {
  const item = typeOf(jsonSchema.parse(json["items"] ?? {}), scope);
  return /^\w+$/.test(item) ? `${item}[]` : `Array<${item}>`;
}

const simpleTypes: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

function structuralType(json: Json, scope: Scope): string {
  const { type, anyOf, oneOf, $ref } = json;
  if (typeof $ref === "string") return typeOf(refer($ref, scope), scope);
  if ("const" in json) return JSON.stringify(json["const"]);
  if (Array.isArray(json["enum"])) return json["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf !== undefined || oneOf !== undefined) return union(list(anyOf ?? oneOf), scope);
  if (Array.isArray(type))
    return union(
      type.map((each) => ({ ...json, type: String(each) })),
      scope,
    );
  if (type === "object") return objectType(json, scope);
  if (type === "array") return arrayType(json, scope);
  return simpleTypes[String(type)] ?? "unknown";
}

/** The TypeScript type of the values that a JSON schema describes; parts that have a name are called by it. */
function typeOf(json: Json, scope: Scope): string {
  const type = structuralType(json, scope);
  return scope.names.get(type) ?? type;
}

/** The type of what a caller may send, or of what the platform sends, with the schema's descriptions as comments. */
export function schemaType(schema: z.core.$ZodType, io: "input" | "output", names: Names = new Map()): string {
  const json = jsonSchema.parse(z.toJSONSchema(schema, { io, unrepresentable: "any" }));
  return typeOf(json, { names, definitions: jsonSchema.parse(json["$defs"] ?? {}) });
}
