import { freePort, startServerProcess, until } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { expect, onTestFinished, test } from "vitest";
import { startBridge, startBridgeWithModel } from "./support/bridge.ts";
import { startFaultProxy, type FaultProxy, type Tamper } from "./support/fault-proxy.ts";
import { usePlatform } from "./support/platform.ts";

const platform = usePlatform();

async function proxyThat(tamper: Tamper): Promise<FaultProxy> {
  const proxy = await startFaultProxy(platform.server().url, tamper);
  onTestFinished(proxy.stop);
  return proxy;
}

test("waits for a server that is not there yet, in one line", async () => {
  const port = await freePort();
  const bridge = startBridge(`http://127.0.0.1:${port}`);
  await bridge.says("The platform is away");
  const database = await createProcessDatabase();
  onTestFinished(database.drop);
  const server = await startServerProcess({ ...database.env, PORT: String(port) });
  onTestFinished(async () => void (await server.stop()));
  await bridge.says("The platform is there");
  expect(bridge.count("The platform is away")).toBe(1);
  expect(bridge.count("The platform is there")).toBe(1);
});

test("an answer that is ready while the server is away arrives when it is back, and so do the next ones", async () => {
  const { bridge, model } = await startBridgeWithModel(platform.server().url, (exchange) => exchange.say("Still "));
  const asker = await platform.newAsker();
  const run = await asker.start("Are you there?");
  await until("the model is at work", () => model.exchanges.length === 1);

  await platform.server().kill();
  await bridge.says("The platform is away");
  model.exchanges[0]?.say("here.");
  model.exchanges[0]?.finish();
  await bridge.says(`Run ${run.run_id} is answered`);
  await platform.restart();

  expect(await asker.reaches(run.run_id, "completed")).toMatchObject({
    attempt: 1,
    answer: { content: "Still here." },
  });
  const next = asker.ask("And now?");
  await until("the model is at work again", () => model.exchanges.length === 2);
  model.exchanges[1]?.finish();
  expect(await next).toMatchObject({ status: 200, body: { answer_ai: "Still " } });
  expect(bridge.count("The platform is away")).toBe(1);
  expect(bridge.count("The platform is there")).toBe(2);
});

test("a server that stops in order and starts again is away once", async () => {
  const bridge = startBridge(platform.server().url);
  await bridge.says("The platform is there");
  expect(await platform.server().stop()).toBe(0);
  await bridge.says("The platform is away");
  await platform.restart();
  expect((await (await platform.newAsker()).ask("2+2")).status).toBe(200);
  expect(bridge.count("The platform is away")).toBe(1);
  expect(bridge.count("The platform is there")).toBe(2);
});

test("a complete whose answer got lost is sent again and stores nothing twice", async () => {
  const proxy = await proxyThat((procedure, body, count) =>
    procedure === "worker.complete" && count === 0 ? null : body,
  );
  startBridge(proxy.url);
  const asker = await platform.newAsker();
  expect((await asker.ask("2+2")).status).toBe(200);
  const completes = await until("it is sent again", () => {
    const calls = proxy.passed.filter(({ procedure }) => procedure === "worker.complete");
    return calls.length === 2 && calls;
  });
  expect(completes.map(({ status }) => status)).toEqual([200, 200]);
  expect(completes[1]?.input).toBe(completes[0]?.input);
  expect(await asker.read()).toHaveLength(2);
});

test("an error page of a proxy counts as a server that is away", async () => {
  const proxy = await proxyThat((procedure, body, count) =>
    procedure === "worker.claim" && count < 2 ? "<html>502 Bad Gateway</html>" : body,
  );
  const bridge = startBridge(proxy.url);
  await bridge.says("The platform is there");
  expect(bridge.count("The platform is away (unreachable)")).toBe(1);
});

test("a key that the server refuses is told once, as an error", async () => {
  const proxy = await proxyThat((_procedure, body) => body);
  const bridge = startBridge(proxy.url, { API_KEY_AI: "another key" });
  await until("it has tried again", () => proxy.passed.length >= 3);
  expect(bridge.count("ERROR - worker - The platform refuses to give work (key_refused)")).toBe(1);
  expect(bridge.output()).not.toContain("another key");
});

test("a lost lease stops the model, and the other worker's answer stands", async () => {
  const { bridge, model } = await startBridgeWithModel(platform.server().url, (exchange) => exchange.say("Too "), {
    LEASE_MS: "1000",
    // With a slot left its next claim would wait at the server and take the run again while the process stands still.
    WORKER_CONCURRENCY: "1",
  });
  const asker = await platform.newAsker();
  const answered = asker.ask("Who is first?");
  await until("the model is at work", () => model.exchanges.length === 1);

  bridge.signal("SIGSTOP");
  const other = platform.otherWorker();
  const claim = { worker: "other", max: 1, wait_ms: 10_000, lease_ms: 30_000 };
  const [run] = (await other.worker.claim.mutate(claim)).runs;
  expect(run).toMatchObject({ dialog_id: asker.dialogId, attempt: 2 });
  bridge.signal("SIGCONT");

  await until("the model sees the end", () => model.exchanges[0]?.isAborted());
  await bridge.says("ends unfinished: lost");
  const { run_id = 0, lease_token = "" } = run ?? {};
  await other.worker.complete.mutate({ run_id, lease_token, text: "The other." });
  expect((await answered).body.answer_ai).toBe("The other.");
});

test("a request to cancel stops the model and ends the run", async () => {
  const proxy = await proxyThat((procedure, body) =>
    procedure === "worker.heartbeat" ? body.replace('"cancel_requested":false', '"cancel_requested":true') : body,
  );
  const { model } = await startBridgeWithModel(proxy.url, (exchange) => exchange.say("Well, "), { LEASE_MS: "1000" });
  const asker = await platform.newAsker();
  const run = await asker.start("Never mind");
  expect(await asker.reaches(run.run_id, "failed")).toMatchObject({ attempt: 1, error: { code: "cancelled" } });
  await until("the model sees the end", () => model.exchanges[0]?.isAborted());
});
