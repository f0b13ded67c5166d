import { is } from "drizzle-orm";
import { getTableConfig, PgTable, type ForeignKey, type PgColumn } from "drizzle-orm/pg-core";
import * as schema from "../src/schema/index.ts";

type TableConfig = ReturnType<typeof getTableConfig>;

/** Mermaid takes one word as a type. */
function typeName(column: PgColumn): string {
  return column.getSQLType().replace("timestamp with time zone", "timestamptz").replaceAll(" ", "_");
}

function primaryColumns({ columns, primaryKeys }: TableConfig): Set<string> {
  const composite = primaryKeys.flatMap((key) => key.columns);
  return new Set([...columns.filter((column) => column.primary), ...composite].map(({ name }) => name));
}

function foreignColumns({ foreignKeys }: TableConfig): Set<string> {
  return new Set(foreignKeys.flatMap((key) => key.reference().columns.map(({ name }) => name)));
}

/** Columns that are unique by themselves. */
function uniqueColumns({ columns, uniqueConstraints }: TableConfig): Set<string> {
  const own = columns.filter((column) => column.isUnique).map(({ name }) => name);
  const constrained = uniqueConstraints.filter((each) => each.columns.length === 1).flatMap((each) => each.columns);
  return new Set([...own, ...constrained.map(({ name }) => name)]);
}

function drawTable(table: TableConfig): string {
  const primary = primaryColumns(table);
  const foreign = foreignColumns(table);
  const unique = uniqueColumns(table);
  const lines = table.columns.map((column) => {
    const { name } = column;
    const keys = [primary.has(name) && "PK", foreign.has(name) && "FK", unique.has(name) && "UK"].filter(Boolean);
    const comment = column.notNull || primary.has(name) ? "" : '"null"';
    return `    ${[typeName(column), name, keys.join(", "), comment].filter(Boolean).join(" ")}`;
  });
  return [`  ${table.name} {`, ...lines, "  }"].join("\n");
}

function drawForeignKey(table: TableConfig, key: ForeignKey): string {
  const { columns, foreignTable } = key.reference();
  const isOptional = columns.some((column) => !column.notNull);
  const unique = uniqueColumns(table);
  const many = columns.every(({ name }) => unique.has(name)) ? "o|" : "o{";
  const name = columns.map((column) => column.name).join(", ");
  return `  ${getTableConfig(foreignTable).name} ${isOptional ? "|o" : "||"}--${many} ${table.name} : "${name}"`;
}

/** The schema's tables, columns and foreign keys as a Mermaid diagram, in alphabetical order. */
export function drawSchema(): string {
  const exported: unknown[] = Object.values(schema);
  const tables = exported
    .filter((value): value is PgTable => is(value, PgTable))
    .map((table) => getTableConfig(table))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const arrows = tables.flatMap((table) => table.foreignKeys.map((key) => drawForeignKey(table, key)));
  return ["erDiagram", ...tables.map(drawTable), ...arrows].join("\n");
}

const diagram = /```mermaid\nerDiagram\n[\s\S]*?```/;

/**
 * Puts the diagram of today's schema into a document, in place of the one that it holds.
 *
 * @throws when the document holds no diagram
 */
export function replaceDiagram(document: string): string {
  if (!diagram.test(document)) throw new Error("The document holds no entity diagram.");
  return document.replace(diagram, () => ["```mermaid", drawSchema(), "```"].join("\n"));
}
