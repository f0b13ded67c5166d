import type { RunRow, StoredDelta } from "@deepbot/db";
import { createMemoryNotifier, type DeltaStore } from "@deepbot/live";
import { until } from "@deepbot/testing";
import { expect, it } from "vitest";
import { createRunFeeds, type RunNews } from "../../../src/streaming/run-feed.ts";

const run: RunRow = {
  runId: 1,
  dialogId: 2,
  questionId: 3,
  state: "running",
  attempt: 1,
  epoch: 1,
  cancelRequested: false,
  createdAt: new Date(0),
  deadlineAt: new Date(0),
  endedAt: null,
  errorCode: null,
  errorMessage: null,
  answerId: null,
  answerText: null,
  usage: null,
  remainingMs: 1_000,
};

it("tells a delta before the end, though both were stored after the deltas were read", async () => {
  const stored: StoredDelta[] = [];
  const unused = async (): Promise<never> => {
    throw new Error("A feed only reads.");
  };
  const store: DeltaStore = {
    append: unused,
    snapshot: unused,
    drop: unused,
    readAfter: async ([cursor]) => stored.filter(({ seq }) => seq > (cursor?.seq ?? 0)),
  };
  const notifier = createMemoryNotifier();
  const feeds = createRunFeeds({
    notifier,
    store,
    statements: {
      listChangedRuns: unused,
      // Another process appends and completes between the two reads.
      followRuns: async () => {
        stored.push({ runId: 1, epoch: 1, seq: 1, text: "last words" });
        return [{ ...run, state: "completed", endedAt: new Date(0), answerId: 4, answerText: "last words" }];
      },
    },
  });
  const news: RunNews[] = [];
  const subscription = feeds.subscribe(run, (item) => news.push(item));
  subscription.begin({ epoch: 1, seq: 0 }, "running");
  notifier.publish("run:1");
  await until("the end is told", () => news.some(({ kind }) => kind === "ended"));
  expect(news.map(({ kind }) => kind)).toEqual(["deltas", "ended"]);
  subscription.close();
});

it("tells deltas whose notification came before the first watcher knew where to begin", async () => {
  const unused = async (): Promise<never> => {
    throw new Error("A feed only reads.");
  };
  const notifier = createMemoryNotifier();
  const feeds = createRunFeeds({
    notifier,
    store: {
      append: unused,
      snapshot: unused,
      drop: unused,
      readAfter: async () => [{ runId: 1, epoch: 1, seq: 1, text: "early" }],
    },
    statements: { listChangedRuns: unused, followRuns: async () => [run] },
  });
  const news: RunNews[] = [];
  const subscription = feeds.subscribe(run, (item) => news.push(item));
  notifier.publish("run:1");
  subscription.begin({ epoch: 1, seq: 0 }, "running");
  await until("the delta is told", () => news.length > 0);
  expect(news).toMatchObject([{ kind: "deltas", deltas: [{ seq: 1, event: { text: "early" } }] }]);
  subscription.close();
});
