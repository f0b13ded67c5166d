import { signInPerson, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom, mutate, pick } from "./support/mutate.ts";
import { rawRequest, sendRaw } from "./support/raw-http.ts";

const streams = 3_000;
const limitMs = 15_000;
const parallel = 32;

/** How long to wait for an answer that may never come: a few times as long as answers took lately. */
function createPatience(): { next: () => number; learn: (tookMs: number) => void } {
  let usualMs = 50;
  return {
    next: () => Math.min(2_000, Math.max(60, 5 * usualMs)),
    learn: (tookMs) => {
      usualMs = 0.9 * usualMs + 0.1 * tookMs;
    },
  };
}

let database: ProcessDatabase;
let server: ServerProcess;

beforeAll(async () => {
  database = await createProcessDatabase();
  server = await startServerProcess({ ...database.env, LOG_LEVEL: "error" });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

const json = "Content-Type: application/json";

/** Valid requests on both transports. None of them waits or signs out. */
function validRequests(cookie: string, dialog: number): Buffer[] {
  const signedIn = `Cookie: ${cookie}`;
  const key = `X-Messages-Key: ${testKeys.messages}`;
  const input = encodeURIComponent(JSON.stringify({ dialog_id: dialog }));
  const reply = JSON.stringify({ user_id: 2, dialog_id: dialog, text_user: "x" });
  const lease = JSON.stringify({ lease_token: crypto.randomUUID(), text: "x" });
  return [
    rawRequest("GET /me HTTP/1.1", [signedIn]),
    rawRequest("POST /dialogs HTTP/1.1", [signedIn]),
    rawRequest("POST /dialogs/create HTTP/1.1", [signedIn, json], '{"dialog_name":"abc"}'),
    rawRequest(
      "POST /dialogs/rename HTTP/1.1",
      [signedIn, json],
      JSON.stringify({ dialog_id: dialog, dialog_name: "abc" }),
    ),
    rawRequest(`GET /dialogs/${dialog} HTTP/1.1`, [signedIn, "Accept-Language: ru"]),
    rawRequest(`GET /dialogs/flag/${dialog} HTTP/1.1`, [signedIn]),
    rawRequest(`GET /dialogs/${dialog}/messages?before=3&limit=2 HTTP/1.1`, [signedIn]),
    rawRequest("GET /sessions HTTP/1.1", [signedIn]),
    rawRequest(`DELETE /sessions/${crypto.randomUUID()} HTTP/1.1`, [signedIn]),
    rawRequest("GET /me/export HTTP/1.1", [signedIn]),
    rawRequest("DELETE /me?user_id=987654 HTTP/1.1", [signedIn]),
    rawRequest("GET /config HTTP/1.1"),
    rawRequest(`POST /dialogs/${dialog}/runs HTTP/1.1`, [signedIn, json], '{"text_user":"hello"}'),
    rawRequest("GET /runs/1 HTTP/1.1", [signedIn]),
    rawRequest("POST /create/users HTTP/1.1", [json], '{"token":"a.b.c"}'),
    rawRequest("GET /messages HTTP/1.1", [key]),
    rawRequest("POST /send/message/user HTTP/1.1", [key, json], reply),
    rawRequest("POST /worker/claim HTTP/1.1", [key, json], '{"worker":"w","max":1,"wait_ms":0}'),
    rawRequest("POST /worker/runs/1/complete HTTP/1.1", [key, json], lease),
    rawRequest("GET /health HTTP/1.1", [`X-Health-Key: ${testKeys.health}`]),
    rawRequest("OPTIONS /me HTTP/1.1", ["Origin: http://localhost:5173", "Access-Control-Request-Method: GET"]),
    rawRequest("GET /docs HTTP/1.1"),
    rawRequest("POST /dev/google-token HTTP/1.1", [json], '{"sub":"eve","email":"eve@example.com"}'),
    rawRequest("GET /trpc/auth.me HTTP/1.1", [signedIn]),
    rawRequest(`GET /trpc/dialogs.get?input=${input} HTTP/1.1`, [signedIn]),
    rawRequest(
      `GET /trpc/auth.me,dialogs.flag?batch=1&input=${encodeURIComponent(`{"1":{"dialog_id":${dialog}}}`)} HTTP/1.1`,
      [signedIn],
    ),
    rawRequest("POST /trpc/dialogs.create HTTP/1.1", [signedIn, json], '{"dialog_name":"abc"}'),
    rawRequest(
      "POST /trpc/runs.start?batch=1 HTTP/1.1",
      [signedIn, json],
      `{"0":{"dialog_id":${dialog},"text_user":"hi"}}`,
    ),
    rawRequest("POST /trpc/messages.reply HTTP/1.1", [key, json], reply),
    rawRequest("GET /trpc/auth.me?batch=1 HTTP/1.1", [signedIn, "Trpc-Accept: application/jsonl"]),
    rawRequest("GET /trpc/health.check HTTP/1.1", [`X-Health-Key: ${testKeys.health}`]),
  ];
}

interface Outcome {
  sent: number;
  answered: number;
  /** Requests that got a status of 500 or more. */
  failures: string[];
  /** Streams under way when the server died. */
  deadly: string[];
}

async function fuzz(seed: number, valid: readonly Buffer[]): Promise<Outcome> {
  const random = createRandom(seed);
  const end = performance.now() + limitMs;
  const patience = createPatience();
  const outcome: Outcome = { sent: 0, answered: 0, failures: [], deadly: [] };
  const underWay = new Set<string>();
  void server.exited.then(() => outcome.deadly.push(...underWay));
  const sender = async (): Promise<void> => {
    while (outcome.sent < streams && performance.now() < end && outcome.deadly.length === 0) {
      outcome.sent += 1;
      const stream = mutate(random, pick(random, valid));
      const shown = JSON.stringify(stream.toString("latin1"));
      underWay.add(shown);
      const started = performance.now();
      const { statuses } = await sendRaw(stream, { port: server.port, patienceMs: patience.next(), answers: 1 });
      underWay.delete(shown);
      if (statuses.length > 0) outcome.answered += 1;
      if (statuses.length > 0) patience.learn(performance.now() - started);
      if (statuses.some((status) => status >= 500)) outcome.failures.push(`${statuses.join()} for ${shown}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, sender));
  return outcome;
}

test("thousands of mutated requests cause no 5xx and do not end the process", async () => {
  const person = await signInPerson(server.url, "ann");
  const created = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "fuzzed" });
  const valid = validRequests(person.cookie, created.body.dialog);
  const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

  const { sent, answered, failures, deadly } = await fuzz(seed, valid);

  process.stdout.write(`fuzz: FUZZ_SEED=${seed}, ${sent} streams, ${answered} answered\n`);
  expect(deadly, `FUZZ_SEED=${seed}, the server said: ${server.output()}`).toEqual([]);
  expect(failures, `FUZZ_SEED=${seed}`).toEqual([]);
  expect(answered).toBeGreaterThan(streams / 5);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  expect((await person.call("GET", "/me")).status).toBe(200);
  expect(server.output(), `FUZZ_SEED=${seed}`).not.toMatch(/- ERROR -|unhandled|Error:/i);
});
