import { freePort, startServerProcess, until } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { expect, onTestFinished, test } from "vitest";
import { startBridge, startBridgeWithModel } from "./support/bridge.ts";
import { startFlakyProxy, type FlakyProxy, type Tamper } from "./support/flaky-proxy.ts";
import { usePlatform } from "./support/platform.ts";

const platform = usePlatform();

async function proxyThat(tamper: Tamper): Promise<FlakyProxy> {
  const proxy = await startFlakyProxy(platform.server().url, tamper);
  onTestFinished(proxy.stop);
  return proxy;
}

test("waits for a server that is not running yet, and logs that once", async () => {
  const port = await freePort();
  const bridge = startBridge(`http://127.0.0.1:${port}`);
  await bridge.logs("The platform is unavailable");
  const database = await createProcessDatabase();
  onTestFinished(database.drop);
  const server = await startServerProcess({ ...database.env, PORT: String(port) });
  onTestFinished(async () => void (await server.stop()));
  await bridge.logs("Connected to the platform");
  expect(bridge.count("The platform is unavailable")).toBe(1);
  expect(bridge.count("Connected to the platform")).toBe(1);
});

test("delivers an answer that was finished while the server was down, and answers the next question", async () => {
  const { bridge, model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.say("Still "));
  const asker = await platform.newAsker();
  const run = await asker.start("Are you there?");
  // Confirms the claim: one without a report would not outlive an outage of some seconds.
  await until("the first piece is stored", async () => (await asker.getRun(run.run_id)).text === "Still ");

  await platform.server().kill();
  await bridge.logs("The platform is unavailable");
  model.modelCalls[0]?.say("here.");
  model.modelCalls[0]?.finish();
  await bridge.logs(`Run ${run.run_id} is answered`);
  await platform.restart();

  expect(await asker.reaches(run.run_id, "completed")).toMatchObject({
    attempt: 1,
    answer: { content: "Still here." },
  });
  const next = asker.ask("And now?");
  await until("the model is at work again", () => model.modelCalls.length === 2);
  model.modelCalls[1]?.finish();
  expect(await next).toMatchObject({ status: 200, body: { answer_ai: "Still " } });
  expect(bridge.count("The platform is unavailable")).toBe(1);
  await until("the log has the connection", () => bridge.count("Connected to the platform") === 2);
});

test("logs one outage when the server restarts", async () => {
  const bridge = startBridge(platform.server().url);
  await bridge.logs("Connected to the platform");
  expect(await platform.server().stop()).toBe(0);
  await bridge.logs("The platform is unavailable");
  await platform.restart();
  expect((await (await platform.newAsker()).ask("2+2")).status).toBe(200);
  expect(bridge.count("The platform is unavailable")).toBe(1);
  expect(bridge.count("Connected to the platform")).toBe(2);
});

test("repeats a complete whose response was lost, which stores the answer once", async () => {
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

test("treats a proxy's error page as an outage", async () => {
  const proxy = await proxyThat((procedure, body, count) =>
    procedure === "worker.claim" && count < 2 ? "<html>502 Bad Gateway</html>" : body,
  );
  const bridge = startBridge(proxy.url);
  await bridge.logs("Connected to the platform");
  expect(bridge.count("The platform is unavailable (unreachable)")).toBe(1);
});

test("logs a refused key once, as an error", async () => {
  const proxy = await proxyThat((_procedure, body) => body);
  const bridge = startBridge(proxy.url, { API_KEY_AI: "another key" });
  await until("it has tried again", () => proxy.passed.length >= 3);
  expect(bridge.count("ERROR - worker - The platform refuses claims (key_invalid)")).toBe(1);
  expect(bridge.output()).not.toContain("another key");
});

test("a lost lease stops the model, and the other worker's answer is stored", async () => {
  const { bridge, model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.say("Too "), {
    LEASE_MS: "1000",
    // With a free slot, the claim that waits at the server would take the run again while the process is paused.
    WORKER_CONCURRENCY: "1",
  });
  const asker = await platform.newAsker();
  const { run_id: runId } = await asker.start("Who is first?");
  await until(
    "the worker has reported, which confirms its lease",
    async () => (await asker.getRun(runId)).text === "Too ",
  );

  bridge.signal("SIGSTOP");
  const other = platform.otherWorker();
  const claim = { worker: "other", max: 1, wait_ms: 10_000, lease_ms: 30_000 };
  const [run] = (await other.worker.claim.mutate(claim)).runs;
  expect(run).toMatchObject({ dialog_id: asker.dialogId, attempt: 2 });
  bridge.signal("SIGCONT");

  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
  await bridge.logs("ends unfinished: lost");
  const { run_id = 0, lease_token = "" } = run ?? {};
  await other.worker.complete.mutate({ run_id, lease_token, text: "The other." });
  expect((await asker.reaches(runId, "completed")).answer?.content).toBe("The other.");
});

test("a cancel request stops the model, and the run ends with what was streamed", async () => {
  const { model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.say("Well, "), {
    LEASE_MS: "1000",
  });
  const asker = await platform.newAsker();
  const { run_id } = await asker.start("Never mind");
  await until("a piece is streamed", async () => (await asker.getRun(run_id)).text === "Well, ");
  await asker.cancel(run_id);
  expect((await asker.reaches(run_id, "cancelled")).answer?.content).toBe("Well, ");
  await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());
});
