import { limits } from "@deepbot/contract";
import { until } from "@deepbot/testing";
import { expect, test } from "vitest";
import { claimedRun, failingOnce, hanging, refuse, startWorker } from "./support/worker.ts";

const { run_id, lease_token } = claimedRun;

test("sends a delta again, under its number, until the platform has confirmed it", async () => {
  const worker = startWorker(
    { "worker.append": failingOnce({ cancel_requested: false }) },
    { answer: hanging("Well, ") },
  );
  await until("it is sent again", () => worker.callsOf("worker.append").length === 2);
  const delta = { run_id, lease_token, seq: 1, text: "Well, ", lease_ms: 30_000 };
  expect(worker.callsOf("worker.append")).toEqual([delta, delta]);
});

test("sends one delta at a time: what comes while a request is under way goes with the next", async () => {
  const [more, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<object>()];
  const worker = startWorker(
    { "worker.append": (_input, index) => (index === 0 ? arrived.promise : { cancel_requested: false }) },
    {
      answer: async function* answer(_run, { signal }) {
        yield { kind: "text", text: "one " };
        await more.promise;
        for (const text of ["two ", "three"]) yield { kind: "text", text };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      leaseMs: 300,
    },
  );
  const sent = () => worker.callsOf("worker.append").map(({ seq, text }) => [seq, text]);
  await until("the first is under way", () => sent().length === 1);
  more.resolve();
  const heartbeats = worker.callsOf("worker.heartbeat").length;
  await until("time has passed", () => worker.callsOf("worker.heartbeat").length >= heartbeats + 2);
  expect(sent()).toEqual([[1, "one "]]);
  arrived.resolve({ cancel_requested: false });
  await until("the rest is sent", () => sent().length > 1);
  expect(sent()).toEqual([
    [1, "one "],
    [2, "two three"],
  ]);
});

test("numbers deltas without gaps and never cuts a surrogate pair in two", async () => {
  const text = `${"a".repeat(limits.deltaMaxCharacters - 1)}🙂 done`;
  const { callsOf } = startWorker({}, { answer: hanging(text) });
  await until("both deltas are sent", () => callsOf("worker.append").length === 2);
  const deltas = callsOf("worker.append");
  expect(deltas.map(({ seq }) => seq)).toEqual([1, 2]);
  expect(deltas.map(({ text: piece }) => piece)).toEqual([text.slice(0, limits.deltaMaxCharacters - 1), "🙂 done"]);
});

test("a platform that has lost earlier deltas gets no more of them, but the whole answer", async () => {
  const finish = Promise.withResolvers<void>();
  const worker = startWorker(
    { "worker.append": refuse("delta_gap") },
    {
      answer: async function* answer() {
        yield { kind: "text", text: "Hel" };
        await finish.promise;
        yield { kind: "text", text: "lo" };
      },
    },
  );
  await until("the stream is refused", () => worker.log.some(({ event }) => event === "stream_refused"));
  finish.resolve();
  await until("the answer is reported", () => worker.callsOf("worker.complete").length === 1);
  expect(worker.callsOf("worker.append")).toHaveLength(1);
  expect(worker.callsOf("worker.complete")[0]).toMatchObject({ text: "Hello" });
});

test("sends no delta before the platform has responded to the one before", async () => {
  let underWay = 0;
  let mostUnderWay = 0;
  const worker = startWorker(
    {
      "worker.append": async () => {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        await new Promise((resolve) => setTimeout(resolve, 120));
        underWay -= 1;
        return { cancel_requested: false };
      },
    },
    {
      answer: async function* answer() {
        for (let piece = 0; piece < 20; piece += 1) {
          yield "word ";
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    },
  );
  await until("the answer is reported", () => worker.callsOf("worker.complete").length === 1);
  expect(worker.callsOf("worker.append").length).toBeGreaterThan(1);
  expect(mostUnderWay).toBe(1);
});
