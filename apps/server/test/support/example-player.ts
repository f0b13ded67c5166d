import { testKeys } from "@deepbot/testing";
import { expect } from "vitest";
import { examples } from "../../src/openapi/examples/index.ts";
import { listOperations, type Operation } from "../../src/transports/operations.ts";
import { checkDocumented } from "./document.ts";
import { request, type Reply, type Target } from "./http.ts";

/** What the server chooses, by the key that it stands under. Each value of an example stands for one of the server's. */
const kinds: Readonly<Record<string, string>> = {
  dialog: "dialog",
  dialog_id: "dialog",
  message_id: "message",
  question_id: "message",
  run_id: "run",
  user_id: "user",
  created_by: "user",
  user: "pseudonym",
  id: "user",
  session_id: "session",
  lease_token: "lease",
  nonce: "nonce",
  token: "token",
  token_id: "personal token",
  key_id: "key",
  key: "secret",
  prefix: "prefix",
  webhook_id: "webhook",
  url: "url",
  secret: "webhook secret",
  delivery_id: "delivery",
  duration_ms: "duration",
};

const timeForm = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

const isTime = (value: unknown): boolean => typeof value === "string" && timeForm.test(value);

/** Sends the examples of the document to a server and compares its responses with them. */
export interface ExamplePlayer {
  /** Sends the example of an operation. The response must be that of the example, but for ids and times. */
  play: (operation: string) => Promise<Reply>;
  /** Compares a value of the server with an example. */
  compare: (example: unknown, actual: unknown) => void;
  /** Says what a value of the examples stands for. */
  know: (kind: string, example: unknown, actual: unknown) => void;
  /** Operations whose examples were sent. */
  played: ReadonlySet<string>;
  cookie: string;
}

type Walk = (value: unknown, key: string) => unknown;

/** The same structure with other values. */
function walk(value: unknown, change: Walk, key = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => walk(each, change, key));
  if (typeof value !== "object" || value === null) return change(value, key);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each, change, name)]));
}

function findOperation(name: string): Operation {
  const operation = listOperations().find(({ procedure }) => procedure.name === name);
  if (operation === undefined) throw new Error(`There is no operation ${name}.`);
  return operation;
}

function credentials({ procedure }: Operation, cookie: string): Record<string, string> {
  const { access = "public" } = procedure.meta;
  switch (access) {
    case "person":
    case "session":
    case "admin":
      return { Cookie: cookie };
    case "worker":
    case "legacy_worker":
      return { "X-Messages-Key": testKeys.messages };
    case "operator":
      return { "X-Health-Key": testKeys.health };
    case "public":
      // Signing out needs no session, but is about one.
      return procedure.name === "auth.logout" ? { Cookie: cookie } : {};
  }
}

/** Values of the server by those of the examples, and back. */
function createDictionary() {
  const actuals = new Map<string, unknown>();
  const name = (key: string, value: unknown): string | undefined =>
    kinds[key] === undefined ? undefined : `${kinds[key]} ${String(value)}`;
  return {
    know: (kind: string, example: unknown, actual: unknown) => void actuals.set(`${kind} ${String(example)}`, actual),
    toActual: (value: unknown) => walk(value, (each, key) => actuals.get(name(key, each) ?? "") ?? each),
    /** The server's value if it is not what the example says. */
    toExample: (example: unknown, actual: unknown): unknown => {
      const pair = (expected: unknown, found: unknown, key: string): unknown => {
        if (Array.isArray(expected) && Array.isArray(found))
          return found.map((each, at) => pair(expected[at], each, key));
        if (typeof expected === "object" && expected !== null && typeof found === "object" && found !== null) {
          const members: Record<string, unknown> = { ...expected };
          return Object.fromEntries(
            Object.entries(found).map(([member, each]) => [member, pair(members[member], each, member)]),
          );
        }
        if (isTime(expected) && isTime(found)) return expected;
        const known = name(key, expected);
        if (known === undefined || expected === null || found === null) return found;
        if (!actuals.has(known) || key === "lease_token") actuals.set(known, found);
        return actuals.get(known) === found ? expected : found;
      };
      return pair(example, actual, "");
    },
  };
}

export function createExamplePlayer(url: () => string): ExamplePlayer {
  const dictionary = createDictionary();
  const played = new Set<string>();
  const compare = (example: unknown, actual: unknown): void =>
    expect(dictionary.toExample(example, actual)).toEqual(example);
  const player: ExamplePlayer = {
    cookie: "",
    played,
    know: dictionary.know,
    compare,
    play: async (name) => {
      const operation = findOperation(name);
      const { parameters = {}, request: json, response } = examples[name] ?? {};
      const values = dictionary.toActual(parameters) as Record<string, string>;
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(values[key]));
      const query = Object.entries(values).filter(([key]) => !operation.path.includes(`{${key}}`));
      const search = query.length === 0 ? "" : `?${new URLSearchParams(query).toString()}`;
      const target = `${operation.method} ${path}${search}` as Target;
      const headers = { "User-Agent": "curl/8.16.0", ...credentials(operation, player.cookie) };
      const reply = await request(url(), target, {
        headers,
        ...(json === undefined ? {} : { json: dictionary.toActual(json) }),
      });
      checkDocumented(target, reply);
      expect([name, reply.status, reply.text]).toEqual([name, operation.status, reply.text]);
      compare(response, reply.body);
      played.add(name);
      return reply;
    },
  };
  return player;
}
