import { z } from "zod";

const jsonSchema = z.record(z.string(), z.unknown());
type Json = z.infer<typeof jsonSchema>;

const list = (value: unknown): Json[] => z.array(jsonSchema).parse(value ?? []);

/** Types that have a name, by the text of each. */
export type Names = ReadonlyMap<string, string>;

function comment({ description }: Json, indent: string): string {
  return typeof description === "string" ? `${indent}/** ${description.replaceAll("*/", "* /")} */\n` : "";
}

function objectType(json: Json, names: Names): string {
  const properties = Object.entries(jsonSchema.parse(json["properties"] ?? {}));
  if (properties.length === 0) {
    if (json["additionalProperties"] === false) return "Record<string, never>";
    const values = jsonSchema.safeParse(json["additionalProperties"]);
    return `Record<string, ${values.success ? typeOf(values.data, names) : "unknown"}>`;
  }
  const required = z.array(z.string()).parse(json["required"] ?? []);
  const members = properties.map(([name, value]) => {
    const property = jsonSchema.parse(value);
    const type = typeOf(property, names).replaceAll("\n", "\n  ");
    const mark = required.includes(name) ? "" : "?";
    return `${comment(property, "  ")}  ${name}${mark}: ${type}${mark === "" ? "" : " | undefined"};\n`;
  });
  return `{\n${members.join("")}}`;
}

function union(members: Json[], names: Names): string {
  return [...new Set(members.map((member) => typeOf(member, names)))].join(" | ");
}

function arrayType(json: Json, names: Names): string {
  const item = typeOf(jsonSchema.parse(json["items"] ?? {}), names);
  return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
}

const simpleTypes: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

function structuralType(json: Json, names: Names): string {
  const { type, anyOf, oneOf, $ref } = json;
  if (typeof $ref === "string") return $ref.split("/").at(-1) ?? "unknown";
  if ("const" in json) return JSON.stringify(json["const"]);
  if (Array.isArray(json["enum"])) return json["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf !== undefined || oneOf !== undefined) return union(list(anyOf ?? oneOf), names);
  if (Array.isArray(type))
    return union(
      type.map((each) => ({ ...json, type: String(each) })),
      names,
    );
  if (type === "object") return objectType(json, names);
  if (type === "array") return arrayType(json, names);
  return simpleTypes[String(type)] ?? "unknown";
}

/** The TypeScript type of the values that a JSON schema describes; parts that have a name are called by it. */
function typeOf(json: Json, names: Names): string {
  const type = structuralType(json, names);
  return names.get(type) ?? type;
}

/** The type of what a caller may send, or of what the platform sends, with the schema's descriptions as comments. */
export function schemaType(schema: z.core.$ZodType, io: "input" | "output", names: Names = new Map()): string {
  return typeOf(jsonSchema.parse(z.toJSONSchema(schema, { io, unrepresentable: "any" })), names);
}
