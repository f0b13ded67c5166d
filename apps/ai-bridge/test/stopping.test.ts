import { until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { startBridge, startBridgeWithModel } from "./support/bridge.ts";
import { usePlatform } from "./support/platform.ts";

const platform = usePlatform();

const claim = { worker: "other", max: 1, wait_ms: 20_000, lease_ms: 30_000 };

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s releases unfinished runs without using up an attempt, and exits with 0",
  async (signal) => {
    const { bridge, model } = await startBridgeWithModel(
      platform.server().url,
      (modelCall) => modelCall.say("Well, "),
      {
        WORKER_STOP_GRACE_MS: "100",
      },
    );
    const asker = await platform.newAsker();
    const answered = asker.ask("Who will answer?");
    await until("the model is at work", () => model.modelCalls.length === 1);

    bridge.signal(signal);
    const other = platform.otherWorker();
    const [run] = (await other.worker.claim.mutate(claim)).runs;
    expect(run).toMatchObject({ dialog_id: asker.dialogId, attempt: 1 });
    expect(await bridge.exited).toBe(0);
    await until("the model sees the abort", () => model.modelCalls[0]?.isAborted());

    const { run_id = 0, lease_token = "" } = run ?? {};
    await other.worker.complete.mutate({ run_id, lease_token, text: "The other." });
    expect((await answered).body.answer_ai).toBe("The other.");
  },
);

test("a run that finishes within the grace period is delivered, and nothing new is claimed", async () => {
  const { bridge, model } = await startBridgeWithModel(
    platform.server().url,
    (modelCall) => modelCall.say("Just in "),
    {
      WORKER_STOP_GRACE_MS: "30000",
    },
  );
  const [asker, late] = await Promise.all([platform.newAsker(), platform.newAsker()]);
  const answered = asker.ask("In time?");
  await until("the model is at work", () => model.modelCalls.length === 1);

  bridge.signal("SIGTERM");
  await bridge.logs("Stopping on SIGTERM");
  const lateRun = await late.start("And me?");
  const other = platform.otherWorker();
  const [run] = (await other.worker.claim.mutate(claim)).runs;
  expect(run).toMatchObject({ run_id: lateRun.run_id, attempt: 1 });
  await other.worker.complete.mutate({ run_id: lateRun.run_id, lease_token: run?.lease_token ?? "", text: "Yes." });

  model.modelCalls[0]?.say("time.");
  model.modelCalls[0]?.finish();
  expect((await answered).body.answer_ai).toBe("Just in time.");
  expect(await bridge.exited).toBe(0);
});

test("an idle bridge exits at once, without waiting for its long poll", async () => {
  const bridge = startBridge(platform.server().url);
  await bridge.logs("Connected to the platform");
  const stoppedAt = performance.now();
  expect(await bridge.stop()).toBe(0);
  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
});

test("exits with 0 while the server is unavailable", async () => {
  const bridge = startBridge("http://127.0.0.1:9");
  await bridge.logs("The platform is unavailable");
  expect(await bridge.stop()).toBe(0);
});

test("a second signal ends it immediately", async () => {
  const { bridge, model } = await startBridgeWithModel(platform.server().url, (modelCall) => modelCall.say("Well, "), {
    WORKER_STOP_GRACE_MS: "600000",
  });
  const run = await (await platform.newAsker()).start("Hurry");
  await until("the model is at work", () => model.modelCalls.length === 1);
  bridge.signal("SIGTERM");
  await bridge.logs("Stopping on SIGTERM");
  bridge.signal("SIGINT");
  expect(await bridge.exited).toBeNull();
  expect(run.state).toBe("queued");
});

test("refuses to start with invalid settings and lists them", async () => {
  const bridge = startBridge(platform.server().url, { OPENAI_BASE_URL: "http://127.0.0.1:1/v1", LEASE_MS: "5" });
  expect(await bridge.exited).toBe(1);
  expect(bridge.output()).toBe(
    [
      "The configuration is not usable:",
      "  - OPENAI_MODEL must name a model of the endpoint in OPENAI_BASE_URL",
      "  - LEASE_MS must be at least 1000",
      "",
    ].join("\n"),
  );
});
