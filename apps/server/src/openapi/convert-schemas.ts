import { z } from "zod";

export type Json = Record<string, unknown>;

const jsonSchema = z.record(z.string(), z.unknown());
export const toJson = (value: unknown): Json => jsonSchema.parse(value);

/** `sync` and `streamed` derive objects from schemas; what a schema says about itself belongs to the schema alone. */
function originalOf(schema: z.core.$ZodType): z.core.$ZodType {
  const prototype: unknown = Object.getPrototypeOf(schema);
  return prototype instanceof z.core.$ZodType && Object.hasOwn(prototype, "_zod") ? originalOf(prototype) : schema;
}

/** Bounds that zod gives to whole numbers because JavaScript has no others. */
const unboundedMinimum = Number.MIN_SAFE_INTEGER;
const unboundedMaximum = Number.MAX_SAFE_INTEGER;

function tidyInteger(schema: Json): void {
  if (schema["minimum"] === unboundedMinimum) delete schema["minimum"];
  if (schema["maximum"] === unboundedMaximum) delete schema["maximum"];
  const { minimum, maximum } = schema;
  schema["format"] = typeof minimum === "number" && Number(maximum) <= int32Maximum ? "int32" : "int64";
}

const int32Maximum = 2 ** 31 - 1;

/** Longest texts of formats that say enough without a pattern. */
const formatLengths: Readonly<Record<string, number>> = { uuid: 36, "date-time": 27 };

function tidyFormat(schema: Json, format: string): void {
  const maxLength = formatLengths[format];
  if (maxLength === undefined) return;
  delete schema["pattern"];
  schema["maxLength"] = maxLength;
}

function isInteger({ type }: Json): boolean {
  return type === "integer" || (Array.isArray(type) && type.includes("integer"));
}

/** Puts a generated schema into the form of the document. */
function tidy(value: unknown, io: "input" | "output"): unknown {
  if (Array.isArray(value)) return value.map((each) => tidy(each, io));
  if (typeof value !== "object" || value === null) return value;
  const schema = toJson(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, tidy(each, io)])));
  const { $ref, format, additionalProperties } = schema;
  if (typeof $ref === "string") schema["$ref"] = $ref.replace("#/$defs/", "#/components/schemas/");
  if (isInteger(schema)) tidyInteger(schema);
  if (typeof format === "string") tidyFormat(schema, format);
  // Later versions add members to responses.
  if (io === "output" && additionalProperties === false) delete schema["additionalProperties"];
  return schema;
}

export interface ConvertedSchemas {
  /** By the names that they were given with. */
  schemas: Record<string, Json>;
  /** Schemas with an id, for `components.schemas`. */
  components: Record<string, Json>;
}

const toSchemas = z.record(z.string(), jsonSchema).default({});

/** JSON Schemas of several schemas at once, which share those that have an id. */
export function convertSchemas(
  schemas: Readonly<Record<string, z.core.$ZodType>>,
  io: "input" | "output",
): ConvertedSchemas {
  const originals = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, originalOf(schema)]));
  const { properties, $defs } = toJson(tidy(z.toJSONSchema(z.object(originals), { io }), io));
  const components = Object.entries(toSchemas.parse($defs)).map(([name, schema]) => [
    name,
    { ...schema, id: undefined },
  ]);
  return { schemas: toSchemas.parse(properties), components: Object.fromEntries(components) };
}
