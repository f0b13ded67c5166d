import {
  errorCatalogue,
  errorCodes,
  errorMessage,
  factSchemas,
  locales,
  statusTitles,
  type ErrorCode,
  type ErrorEntry,
  type FailureClass,
} from "@deepbot/contract";
import openApiDocument from "../../openapi.json" with { type: "json" };
import { problemSchemaName } from "../openapi/problem-names.ts";
import { pageOf } from "./page.ts";

const advice: Readonly<Record<FailureClass, string>> = {
  refused: "The same request will be refused again. Change it, or what it depends on.",
  unavailable:
    "The same request may succeed later. Repeat it after the seconds that <code>Retry-After</code> gives; without it, after a wait that doubles each time.",
  signed_out: "Sign in again, then repeat the request.",
  lease_lost: "The run is no longer this worker's. Stop working on it and claim the next one.",
};

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

const list = (items: readonly string[]): string => `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;

function factsOf(code: ErrorCode): string {
  const { facts = [], optionalFacts = [] }: ErrorEntry = errorCatalogue[code];
  const items = [...facts, ...optionalFacts].map(
    (name) => `<code>${name}</code>: ${escape(factSchemas[name].description ?? "")}`,
  );
  return items.length === 0 ? "" : `<h2>Members of its own</h2>${list(items)}`;
}

/** The operations that the document lists the code for. */
function operationsOf(code: ErrorCode): string {
  const reference = `#/components/schemas/${problemSchemaName(code)}"`;
  const names = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      JSON.stringify(operation).includes(reference) ? [`<code>${method.toUpperCase()} ${path}</code>`] : [],
    ),
  );
  return names.length === 0 ? "" : `<h2>Operations</h2>${list(names)}`;
}

/** The page that the `type` of an error leads to. */
export function problemPage(code: ErrorCode): string {
  const { status, failure } = errorCatalogue[code];
  const sentences = locales.map((locale) => `<p lang="${locale}">${escape(errorMessage(code, locale))}</p>`);
  const content = [
    `<h1><code>${code}</code></h1>`,
    `<p>${status} ${statusTitles[status] ?? ""}</p>`,
    ...sentences,
    `<p>${advice[failure]}</p>`,
    factsOf(code),
    operationsOf(code),
  ];
  return pageOf(code, content.join("\n"));
}

/** A page that lists all codes by status. */
export function problemIndex(): string {
  const sorted = errorCodes.toSorted((a, b) => errorCatalogue[a].status - errorCatalogue[b].status || (a < b ? -1 : 1));
  const rows = sorted.map((code) => {
    const link = `<a href="/docs/problems/${code}"><code>${code}</code></a>`;
    return `<tr><td>${errorCatalogue[code].status}</td><td>${link}</td><td>${escape(errorMessage(code, "en"))}</td></tr>`;
  });
  return pageOf(
    "Errors",
    `<h1>Errors</h1><table><tr><th>status</th><th>code</th><th>sentence</th></tr>${rows.join("\n")}</table>`,
  );
}
