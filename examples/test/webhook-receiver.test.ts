import { createHmac, randomUUID } from "node:crypto";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import {
  freePort,
  signInPerson,
  startServerProcess,
  testKeys,
  type Person,
  type ServerProcess,
} from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, startWorker, untilPrinted, untilRun, type Run } from "./support/worker.ts";

const secret = `whsec_${Buffer.from("a secret of this test, 32 bytes.").toString("base64")}`;

interface Signing {
  ageS?: number;
  secrets?: string[];
}

/** Headers as Standard Webhooks 1.0 wants them, written from its text and not from the receiver. */
function sign(body: string, { ageS = 0, secrets = [secret] }: Signing = {}): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000) - ageS);
  const signatures = secrets.map((each) => {
    const key = Buffer.from(each.slice("whsec_".length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

let database: ProcessDatabase;
let server: ServerProcess;
let person: Person;

beforeAll(async () => {
  database = await createProcessDatabase();
  server = await startServerProcess(database.env);
  person = await signInPerson(server.url, "webhook");
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

async function startReceiver(): Promise<string> {
  const port = await freePort();
  const receiver = startWorker(process.execPath, ["examples/webhook-receiver/server.ts"], {
    serverUrl: server.url,
    env: { WEBHOOK_SECRET: secret, PORT: String(port) },
  });
  await untilPrinted(receiver, "Receives webhooks");
  return `http://127.0.0.1:${port}/`;
}

const send = async (url: string, body: string, headers: Record<string, string>): Promise<number> =>
  (await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })).status;

/** Asks a question and claims it, as Deepbot does before it calls a webhook. */
async function queueRun(text: string): Promise<{ run: Run; body: string }> {
  const run = await ask(person, text);
  const response = await fetch(`${server.url}/worker/claim`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-messages-key": testKeys.messages },
    body: JSON.stringify({ worker: "webhook", wait_ms: 5_000, confirm_within_ms: 20_000 }),
  });
  const { runs } = (await response.json()) as { runs: { run_id: number }[] };
  expect(runs).toEqual([expect.objectContaining({ run_id: run.run_id })]);
  const data = { ...runs[0], confirm_within_ms: 20_000 };
  return { run, body: JSON.stringify({ type: "run.queued", timestamp: new Date().toISOString(), data }) };
}

describe("the receiver of webhooks", () => {
  it("answers a signed question with one request", async () => {
    const url = await startReceiver();
    const { run, body } = await queueRun("Как дела?");
    expect(await send(url, body, sign(body))).toBe(204);
    const completed = await untilRun(person, run, "completed");
    expect(completed.answer?.content).toBe("I am a function without a model. You wrote: Как дела?");
    // The same message once more does no harm.
    expect(await send(url, body, sign(body))).toBe(204);
  });

  it("refuses what is not signed with its secret, or is old, and sends nothing", async () => {
    const url = await startReceiver();
    const { run, body } = await queueRun("not from you");
    const other = `whsec_${Buffer.from("another secret of this test").toString("base64")}`;
    const forged = [
      {},
      sign(`${body} `),
      sign(body, { ageS: 301 }),
      sign(body, { ageS: -301 }),
      sign(body, { secrets: [other] }),
      { ...sign(body), "webhook-timestamp": "soon" },
      { ...sign(body), "webhook-id": "msg_other" },
    ];
    for (const headers of forged) expect(await send(url, body, headers)).toBe(401);
    expect(await untilRun(person, run, "running")).toMatchObject({ text: "" });
    // While a secret is replaced, one good signature of two is enough.
    expect(await send(url, body, sign(body, { secrets: [other, secret] }))).toBe(204);
    await untilRun(person, run, "completed");
  });

  it("takes types that it does not know", async () => {
    const body = JSON.stringify({ type: "run.ended", timestamp: new Date().toISOString(), data: {} });
    expect(await send(await startReceiver(), body, sign(body))).toBe(204);
  });

  it("does not take a question that it cannot answer", async () => {
    const url = await startReceiver();
    const body = JSON.stringify({ type: "run.queued", data: { run_id: 1, lease_token: "no UUID", messages: [] } });
    expect(await send(url, body, sign(body))).toBe(503);
  });

  it("reads no more than two mebibytes", async () => {
    expect(await send(await startReceiver(), "a".repeat(2 * 1024 * 1024 + 1), {})).toBe(413);
  });
});
