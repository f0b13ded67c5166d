import { once } from "node:events";
import { createServer } from "node:http";
import { until } from "@deepbot/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { examples } from "../../src/openapi/examples/index.ts";
import { receiverUrl } from "../../src/openapi/examples/webhooks.ts";
import { listOperations } from "../../src/transports/operations.ts";
import { mintDevToken, personWith, sessionTokenOf, useApi, type Person } from "../support/api.ts";
import { startRun } from "../support/dialogs.ts";
import { openEvents } from "../support/event-source.ts";
import { createExamplePlayer, type ExamplePlayer } from "../support/example-player.ts";

const claims = { sub: "1234567890", email: "ada@example.com", given_name: "Ada", family_name: "Lovelace" };

/** What needs no dialog, in order. */
const operations = [
  "assistants.list",
  "assistants.listAll",
  "assistants.create",
  "assistants.update",
  "keys.create",
  "keys.list",
  "keys.update",
  "keys.revoke",
  "assistants.disable",
  "tokens.create",
  "tokens.list",
  "tokens.end",
];

/** @returns its address, until the end of the test */
async function startReceiver(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(204).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/deepbot`;
}

describe("the examples of the document", () => {
  const api = useApi({ ADMIN_EMAILS: claims.email, WEBHOOK_ALLOW_HTTP: "true", WEBHOOK_ALLOW_PRIVATE: "true" });

  async function signIn(player: ExamplePlayer): Promise<Person> {
    player.know("token", examples["auth.signIn"]?.request?.["token"], await mintDevToken(api.request, claims));
    const person = await personWith(api.call, sessionTokenOf(await player.play("auth.signIn")));
    player.cookie = person.cookie;
    return person;
  }

  async function untilWorkerIsShown(): Promise<void> {
    await until("the worker is shown", async () => {
      const { body } = await api.asWorker<{ assistants: { workers: unknown[] }[] }>("GET /worker/stats");
      return body.assistants.some(({ workers }) => workers.length > 0);
    });
  }

  async function playRun(player: ExamplePlayer): Promise<void> {
    const started = await player.play("runs.start");
    const { run_id: runId } = started.body as { run_id: number };
    await player.play("worker.claim");
    const stream = await openEvents(`${api.url}/runs/${runId}/events`, { cookie: player.cookie });
    await until("the stream has begun", () => stream.events.length > 0);
    await untilWorkerIsShown();
    await player.play("worker.stats");
    await player.play("worker.heartbeat");
    await player.play("worker.append");
    await player.play("worker.complete");
    await stream.ended;
    expect(stream.events.map(({ type }) => type)).toEqual(["snapshot", "delta", "end"]);
    for (const { type, data } of stream.events) player.compare(examples["runs.watch"]?.events?.[type], data);
  }

  async function playOriginalProtocol(player: ExamplePlayer): Promise<void> {
    const sent = player.play("messages.send");
    await until("the question awaits its answer", async () => {
      const { body } = await api.asWorker<{ service_message: unknown[] }>("GET /messages");
      return body.service_message.length > 0;
    });
    await player.play("messages.pending");
    await player.play("messages.reply");
    await sent;
  }

  async function playCancelAndRetry(player: ExamplePlayer, person: Person, dialogId: number): Promise<void> {
    const { run_id: runId } = await startRun(person, dialogId, "And the third?");
    player.know("run", 13, runId);
    await player.play("runs.cancel");
    await player.play("runs.retry");
    const claim = async (): Promise<void> => {
      const json = { worker: "my-ai", wait_ms: 5_000 };
      const { body } = await api.asWorker<{ runs: { lease_token: string }[] }>("POST /worker/claim", { json });
      player.know("lease", examples["worker.release"]?.request?.["lease_token"], body.runs[0]?.lease_token);
    };
    await claim();
    await player.play("worker.release");
    await claim();
    await player.play("worker.fail");
  }

  async function makeWebhook(player: ExamplePlayer): Promise<string> {
    player.know("url", receiverUrl, await startReceiver());
    const { body } = await player.play("webhooks.create");
    for (const name of ["list", "rotate", "update", "test"]) await player.play(`webhooks.${name}`);
    return (body as { webhook_id: string }).webhook_id;
  }

  async function playDeliveries(player: ExamplePlayer, person: Person, webhookId: string): Promise<void> {
    await until("the receiver has heard of the run", async () => {
      const { body } = await person.call<{ deliveries: { ended_at: string | null }[] }>(
        `GET /operator/webhooks/${webhookId}/deliveries`,
      );
      return body.deliveries.some(({ ended_at }) => ended_at !== null);
    });
    await player.play("webhooks.deliveries");
    await player.play("webhooks.remove");
  }

  it("are what a server receives and responds, in the order of their story", async () => {
    const player = createExamplePlayer(() => api.url);
    for (const name of ["config.get", "health.check", "auth.nonce"]) await player.play(name);
    const person = await signIn(player);
    for (const name of ["auth.me", "sessions.list", "account.usage"]) await player.play(name);
    for (const name of operations) await player.play(name);
    const created = await player.play("dialogs.create");
    for (const name of ["dialogs.list", "dialogs.rename", "dialogs.update", "dialogs.flag"]) await player.play(name);
    const webhookId = await makeWebhook(player);
    await playRun(player);
    await playDeliveries(player, person, webhookId);
    for (const name of ["runs.get", "dialogs.get", "messages.list"]) await player.play(name);
    await playOriginalProtocol(player);
    await playCancelAndRetry(player, person, (created.body as { dialog: number }).dialog);
    for (const name of ["dialogs.delete", "account.export", "sessions.end"]) await player.play(name);
    for (const name of ["auth.logout", "sessions.endAll", "account.delete"]) {
      await signIn(player);
      await player.play(name);
    }
    const streamed = "runs.watch";
    const names = new Set(listOperations().map(({ procedure }) => procedure.name));
    expect([...player.played, streamed].toSorted()).toEqual([...names].toSorted());
  });
});
