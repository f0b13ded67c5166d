import { signInPerson } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { inChunks, latin1, rawRequest, sendRaw, type RawAnswer } from "./support/raw-http.ts";

let app: GuardedApp;
let cookie: string;

beforeAll(async () => {
  app = await startGuardedApp();
  cookie = (await signInPerson(app.url, "ann")).cookie;
});

afterAll(() => app.stop());

const transports = [
  { transport: "REST", create: "/dialogs/create" },
  { transport: "tRPC", create: "/trpc/dialogs.create" },
];

const json = "Content-Type: application/json";

/** A body that would be valid but for its size. */
const megabyte = Buffer.from(JSON.stringify({ dialog_name: "x".repeat(1024 * 1024) }));

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

interface BadBody {
  name: string;
  headers?: string[];
  body: Buffer | string;
  status: number;
}

const badBodies: BadBody[] = [
  { name: "broken JSON", body: '{"dialog_name":', status: 400 },
  { name: "two JSON values", body: '{"dialog_name":"abc"}{}', status: 400 },
  { name: "JSON with a comment", body: '{"dialog_name":"abc"}//', status: 400 },
  { name: "NaN", body: '{"dialog_name":NaN}', status: 400 },
  { name: "__proto__", body: '{"dialog_name":"abc","__proto__":{"admin":true}}', status: 400 },
  { name: "an escaped __proto__", body: String.raw`{"dialog_name":"abc","\u005f_proto__":{}}`, status: 400 },
  { name: "constructor", body: '{"dialog_name":"abc","constructor":{"prototype":{}}}', status: 400 },
  { name: "prototype", body: '{"dialog_name":"abc","prototype":1}', status: 400 },
  { name: "a nested __proto__", body: '{"dialog_name":"abc","a":[{"b":{"__proto__":1}}]}', status: 400 },
  { name: "nesting of 50 levels", body: nested(50), status: 400 },
  { name: "nesting of 10,000 levels", body: nested(10_000), status: 400 },
  { name: "30,000 open lists", body: "[".repeat(30_000), status: 400 },
  { name: "invalid UTF-8", body: Buffer.concat([latin1('{"dialog_name":"ab\u00ff\u00fe"}')]), status: 400 },
  { name: "a cut UTF-8 sequence", body: Buffer.concat([latin1('{"dialog_name":"abc\u00d0"}')]), status: 400 },
  { name: "UTF-16", body: Buffer.from('{"dialog_name":"abc"}', "utf16le"), status: 400 },
  {
    name: "multipart",
    headers: ["Content-Type: multipart/form-data; boundary=x"],
    body: '--x\r\nContent-Disposition: form-data; name="dialog_name"\r\n\r\nabc\r\n--x--\r\n',
    status: 415,
  },
  {
    name: "a form",
    headers: ["Content-Type: application/x-www-form-urlencoded"],
    body: "dialog_name=abc",
    status: 415,
  },
  { name: "octets", headers: ["Content-Type: application/octet-stream"], body: '{"dialog_name":"abc"}', status: 415 },
  { name: "plain text", headers: ["Content-Type: text/plain"], body: '{"dialog_name":"abc"}', status: 415 },
  { name: "JSONP", headers: ["Content-Type: application/jsonp"], body: '{"dialog_name":"abc"}', status: 415 },
  { name: "an empty type", headers: ["Content-Type:"], body: '{"dialog_name":"abc"}', status: 415 },
  {
    name: "two types in one",
    headers: ["Content-Type: application/json, text/plain"],
    body: '{"dialog_name":"abc"}',
    status: 415,
  },
  { name: "gzip", headers: [json, "Content-Encoding: gzip"], body: Buffer.from([0x1f, 0x8b, 8, 0]), status: 415 },
  { name: "brotli", headers: [json, "Content-Encoding: br"], body: '{"dialog_name":"abc"}', status: 415 },
];

async function isServing(): Promise<boolean> {
  const { statuses } = await sendRaw(rawRequest("GET /livez HTTP/1.1"), { port: app.port });
  return statuses.join() === "200";
}

async function countDialogs(): Promise<number> {
  const response = await fetch(`${app.url}/dialogs`, { method: "POST", headers: { cookie } });
  return ((await response.json()) as { dialogs: unknown[] }).dialogs.length;
}

/** The body of the only answer, without the chunked coding. */
function bodyOf({ text }: RawAnswer): string {
  const [head = "", body = ""] = text.split(/\r\n\r\n(.*)/s);
  return /^transfer-encoding: chunked/im.test(head) ? (body.split("\r\n")[1] ?? "") : body;
}

describe.each(transports)("bodies over $transport", ({ create }) => {
  test.each(badBodies)("refuses $name", async ({ headers = [json], body, status }) => {
    const before = await countDialogs();
    const bytes = rawRequest(`POST ${create} HTTP/1.1`, [`Cookie: ${cookie}`, ...headers], body);
    const answer = await sendRaw(bytes, { port: app.port });
    expect(answer.statuses).toEqual([status]);
    expect(JSON.parse(bodyOf(answer))).toBeTruthy();
    expect(await countDialogs()).toBe(before);
  });

  const sizes = ["Connection: close", "Connection: keep-alive"].flatMap((connection) => [
    {
      name: `by its length, ${connection}`,
      headers: [connection, `Content-Length: ${megabyte.length}`],
      body: megabyte,
    },
    { name: `in chunks, ${connection}`, headers: [connection, "Transfer-Encoding: chunked"], body: inChunks(megabyte) },
  ]);

  test.each(sizes)("refuses a megabyte $name, and the refusal can be read", async ({ headers, body }) => {
    for (let round = 0; round < 3; round += 1) {
      const bytes = rawRequest(`POST ${create} HTTP/1.1`, [`Cookie: ${cookie}`, json, ...headers], body);
      const answer = await sendRaw(bytes, { port: app.port, answers: 1 });
      expect(answer.statuses).toEqual([413]);
      expect(bodyOf(answer)).toContain("65536");
    }
    expect(await isServing()).toBe(true);
  });

  test("a connection serves on behind a refused megabyte", async () => {
    const headers = [`Cookie: ${cookie}`, json, "Connection: keep-alive"];
    const big = rawRequest(`POST ${create} HTTP/1.1`, headers, megabyte);
    const answer = await sendRaw(Buffer.concat([big, rawRequest("GET /livez HTTP/1.1")]), { port: app.port });
    expect(answer.statuses).toEqual([413, 200]);
  });

  test("a promise of a terabyte is refused before it is sent", async () => {
    const headers = [`Cookie: ${cookie}`, json, "Content-Length: 1099511627776"];
    const bytes = rawRequest(`POST ${create} HTTP/1.1`, headers);
    const answer = await sendRaw(bytes, { port: app.port, answers: 1 });
    expect(answer.statuses).toEqual([413]);
  });

  test("Node's promise to go on (100) does not come before a refusal by size", async () => {
    const headers = [`Cookie: ${cookie}`, json, "Expect: 100-continue", `Content-Length: ${megabyte.length}`];
    const answer = await sendRaw(rawRequest(`POST ${create} HTTP/1.1`, headers), {
      port: app.port,
      answers: 2,
      patienceMs: 2_000,
    });
    expect(answer.statuses.at(-1)).toBe(413);
  });

  test("an ordinary body is served after all that", async () => {
    const bytes = rawRequest(`POST ${create} HTTP/1.1`, [`Cookie: ${cookie}`, json], '{"dialog_name":"abc"}');
    expect((await sendRaw(bytes, { port: app.port })).statuses).toEqual([200]);
  });
});

const dangerousInputs = [
  { name: "__proto__", input: '{"dialog_id":1,"__proto__":{"a":1}}' },
  { name: "an escaped __proto__", input: String.raw`{"dialog_id":1,"\u005f_proto__":{}}` },
  { name: "constructor", input: '{"dialog_id":1,"constructor":{}}' },
  { name: "nesting of 50 levels", input: `{"dialog_id":1,"a":${nested(50)}}` },
  { name: "broken JSON", input: "{" },
];

describe("the input of a tRPC query, which travels in the address", () => {
  test.each(dangerousInputs)("refuses $name", async ({ input }) => {
    const dialog = await newDialog();
    const target = `/trpc/dialogs.get?input=${encodeURIComponent(input.replace('"dialog_id":1', `"dialog_id":${dialog}`))}`;
    const answer = await sendRaw(rawRequest(`GET ${target} HTTP/1.1`, [`Cookie: ${cookie}`]), { port: app.port });
    expect(answer.statuses).toEqual([400]);
  });

  async function newDialog(): Promise<number> {
    const person = await signInPerson(app.url, crypto.randomUUID());
    cookie = person.cookie;
    const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" });
    return body.dialog;
  }
});
