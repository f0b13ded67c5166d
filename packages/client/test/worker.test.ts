import { setTimeout as delay } from "node:timers/promises";
import { limits } from "@deepbot/contract";
import { until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { claimedRun, cutConnection, failingOnce, hanging, refuse, saying, startWorker } from "./support/worker.ts";

const { run_id, lease_token } = claimedRun;

test("reports the whole answer and its cost", async () => {
  const { callsOf } = startWorker(
    {},
    {
      answer: async function* answer() {
        yield { kind: "text", text: "Hel" };
        yield { kind: "text", text: "lo" };
        yield { kind: "usage", usage: { input_tokens: 1, output_tokens: 2 } };
      },
    },
  );
  await until("the answer is reported", () => callsOf("worker.complete").length === 1);
  expect(callsOf("worker.complete")).toEqual([
    { run_id, lease_token, text: "Hello", usage: { input_tokens: 1, output_tokens: 2 } },
  ]);
});

test("claims with the limits and the settings of the worker", async () => {
  const { callsOf } = startWorker({}, { answer: saying("Hello"), fallback: true, historyLimit: 9, leaseMs: 4_000 });
  await until("it claims again", () => callsOf("worker.claim").length === 2);
  expect(callsOf("worker.claim")[1]).toEqual({
    worker: "test",
    capacity: 1,
    max: 1,
    wait_ms: limits.claimWaitMaxMs,
    lease_ms: 4_000,
    confirm_within_ms: 4_000,
    history_limit: 9,
    fallback: true,
  });
});

test.each(["worker.append", "worker.heartbeat"])(
  "%s that says cancel_requested stops the answer and ends the run",
  async (procedure) => {
    const worker = startWorker(
      { [procedure]: () => ({ cancel_requested: true }) },
      // Heartbeats come every third of the lease: only the one under test may come first.
      { answer: hanging("Well, "), leaseMs: procedure === "worker.heartbeat" ? 300 : 30_000 },
    );
    await until("the run is released", () => worker.callsOf("worker.release").length === 1);
    expect(worker.callsOf("worker.release")[0]).toEqual({ run_id, lease_token });
    expect(worker.callsOf("worker.fail")).toEqual([]);
    expect(worker.log).toContainEqual(expect.objectContaining({ event: "run_abandoned", reason: "cancelled" }));
  },
);

test("a lease that nobody confirms for its length counts as lost, and the run is left alone", async () => {
  const worker = startWorker(
    { "worker.heartbeat": cutConnection, "worker.append": cutConnection },
    { answer: hanging("Well, "), leaseMs: 90 },
  );
  await until("the run is abandoned", () => worker.log.some(({ event }) => event === "run_abandoned"));
  expect(worker.log).toContainEqual(expect.objectContaining({ event: "run_abandoned", reason: "lost" }));
  await worker.stop();
  for (const report of ["worker.complete", "worker.fail", "worker.release"]) expect(worker.callsOf(report)).toEqual([]);
});

test("a confirmed heartbeat extends the lease beyond its first length", async () => {
  const worker = startWorker({}, { answer: hanging("Well, "), leaseMs: 300 });
  await until("it was renewed past two lengths", () => worker.callsOf("worker.heartbeat").length > 6);
  expect(worker.log.map(({ event }) => event)).not.toContain("run_abandoned");
});

test("a slow answer has its claim confirmed soon, and again until the platform has heard it", async () => {
  const worker = startWorker(
    { "worker.heartbeat": failingOnce({ cancel_requested: false }) },
    { answer: hanging(""), leaseMs: 60_000 },
  );
  // The usual heartbeats of such a lease come every twenty seconds.
  await until("it is confirmed", () => worker.callsOf("worker.heartbeat").length === 2);
  expect(worker.callsOf("worker.claim")[0]).toMatchObject({ confirm_within_ms: 5_000 });
});

test.each(["lease_lost", "run_not_found"] as const)("a heartbeat refused with %s stops the answer", async (code) => {
  const worker = startWorker({ "worker.heartbeat": refuse(code) }, { answer: hanging("Well, "), leaseMs: 300 });
  await until("the run is abandoned", () => worker.log.some(({ event }) => event === "run_abandoned"));
  expect(worker.log).toContainEqual(expect.objectContaining({ event: "run_abandoned", reason: "lost" }));
  expect(worker.callsOf("worker.heartbeat")).toHaveLength(1);
});

test("repeats the last report until the platform takes it", async () => {
  const worker = startWorker(
    { "worker.complete": failingOnce({ run_id, state: "completed" }) },
    { answer: saying("Hello") },
  );
  await until("it is sent again", () => worker.callsOf("worker.complete").length === 2);
  const [first, second] = worker.callsOf("worker.complete");
  expect(second).toEqual(first);
});

test("does not repeat a report that the platform refuses", async () => {
  const worker = startWorker({ "worker.complete": refuse("invalid_input") }, { answer: saying("Hello") });
  await until("it claims again", () => worker.callsOf("worker.claim").length === 2);
  expect(worker.callsOf("worker.complete")).toHaveLength(1);
  expect(worker.log).toContainEqual(expect.objectContaining({ event: "report_refused", reason: "invalid_input" }));
});

test.each<[string, Parameters<typeof startWorker>[1]["answer"], object]>([
  [
    "throws",
    () => {
      throw new RangeError("oops");
    },
    { code: "error", retry: true, message: "Sorry." },
  ],
  ["gives only white space", saying(" ", "\n"), { code: "empty", retry: true, message: "Sorry." }],
])("reports a failure when the answerer %s", async (_name, answer, expected) => {
  const { callsOf } = startWorker({}, { answer });
  await until("the failure is reported", () => callsOf("worker.fail").length === 1);
  expect(callsOf("worker.fail")).toEqual([{ run_id, lease_token, ...expected }]);
});

test("cuts an answer at the platform's limit and stops the answerer", async () => {
  let isStopped = false;
  const { callsOf } = startWorker(
    {},
    {
      answer: async function* answer() {
        try {
          for (;;) yield { kind: "text", text: "a".repeat(1_000) };
        } finally {
          isStopped = true;
        }
      },
    },
  );
  await until("the answer is reported", () => callsOf("worker.complete").length === 1);
  const text = String(callsOf("worker.complete")[0]?.["text"]);
  expect(text).toHaveLength(limits.answerMaxBytes);
  expect(text.endsWith("a[cut]")).toBe(true);
  expect(isStopped).toBe(true);
});

test("a stop releases unfinished runs after the grace period", async () => {
  const worker = startWorker({}, { answer: hanging("Well, "), stopGraceMs: 0 });
  await until("it streams", () => worker.callsOf("worker.append").length === 1);
  await worker.stop();
  expect(worker.callsOf("worker.release")).toEqual([{ run_id, lease_token }]);
});

test("logs a lost connection once, not at each attempt, and its return", async () => {
  const never = new Promise(() => undefined);
  const worker = startWorker(
    {
      "worker.claim": (_input, index) => {
        if (index < 3) return cutConnection();
        return index === 3 ? { runs: [claimedRun] } : never;
      },
    },
    { answer: saying("Hello") },
  );
  await until("it is connected", () => worker.log.some(({ event }) => event === "connected"));
  expect(worker.log.filter(({ event }) => event === "platform_unavailable")).toHaveLength(1);
  expect(worker.callsOf("worker.claim")[3]).toMatchObject({ wait_ms: 500 });
});

test("waits for a response that takes a little longer than the wait that it asked for", async () => {
  const never = new Promise(() => undefined);
  const worker = startWorker(
    {
      "worker.claim": async (input, index) => {
        if (index > 0) return never;
        await delay(Number(input["wait_ms"]) + 200);
        return { runs: [claimedRun] };
      },
    },
    { answer: saying("Hello") },
  );
  await until("the answer is reported", () => worker.callsOf("worker.complete").length === 1);
  expect(worker.log.map(({ event }) => event)).not.toContain("platform_unavailable");
});

test("logs once, as advice, that the platform refuses its key", async () => {
  const worker = startWorker({ "worker.claim": refuse("key_invalid") }, { answer: saying("Hello") });
  await until("it has tried again", () => worker.callsOf("worker.claim").length >= 3);
  expect(worker.log.filter(({ event }) => event === "claim_refused")).toHaveLength(1);
});

test("takes strings as pieces of the answer, and gives the answerer the question", async () => {
  const { callsOf } = startWorker(
    {},
    {
      answer: async function* answer({ question }) {
        yield `You asked: `;
        yield question;
      },
    },
  );
  await until("the answer is reported", () => callsOf("worker.complete").length === 1);
  expect(callsOf("worker.complete")[0]).toMatchObject({ text: "You asked: Hello?" });
});

test.each(["worker.append", "worker.heartbeat", "worker.complete"])(
  "goes on with its run while %s refuses the key, as it does while keys are replaced",
  async (procedure) => {
    const gate = Promise.withResolvers<void>();
    const worker = startWorker(
      { [procedure]: (_input, index) => (index < 2 ? refuse("key_refused")() : { cancel_requested: false }) },
      {
        leaseMs: 600,
        answer: async function* answer() {
          yield "Hello";
          if (procedure !== "worker.complete") await gate.promise;
        },
      },
    );
    await until("the platform takes it", () => worker.callsOf(procedure).length === 3);
    gate.resolve();
    await until("the answer is reported", () => worker.callsOf("worker.complete").length > 0);
    expect(worker.callsOf("worker.complete")[0]).toMatchObject({ text: "Hello" });
    expect(worker.log.map(({ event }) => event)).not.toContain("run_abandoned");
  },
);
