import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@deepbot/testing";
import { expect, onTestFinished, test } from "vitest";
import { AnswerError, serve, type ServeOptions } from "../src/worker/index.ts";
import { claimedRun } from "./support/worker.ts";

interface Seen {
  path: string;
  key: string | undefined;
  input: Record<string, unknown>;
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A platform on loopback that hands out one run and takes every report. */
async function startPlatform(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body: Buffer[] = await request.toArray();
    const path = request.url ?? "";
    const isFirst = !seen.some((call) => call.path === path);
    const input = JSON.parse(Buffer.concat(body).toString()) as Seen["input"];
    seen.push({ path, key: String(request.headers["x-messages-key"]), input });
    if (path === "/trpc/worker.claim" && !isFirst) return;
    const data = path === "/trpc/worker.claim" ? { runs: [claimedRun] } : { cancel_requested: false };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ result: { data } }));
  };
  const url = await listen((request, response) => void respond(request, response));
  return { url, seen };
}

function startServing(options: ServeOptions): void {
  const quiet = (): void => undefined;
  const worker = serve({ log: { debug: quiet, info: quiet, warn: quiet, error: quiet }, ...options });
  onTestFinished(worker.stop);
}

const noAnswer: ServeOptions["answer"] = async function* answer() {
  yield* [];
};

test("answers with the url, the key and the answer alone", async () => {
  const { url, seen } = await startPlatform();
  startServing({
    url,
    key: "the key",
    answer: async function* answer({ question }) {
      yield `You said: ${question}`;
    },
  });
  const report = await until("the answer is reported", () => seen.find(({ path }) => path === "/trpc/worker.complete"));
  expect(report).toMatchObject({ key: "the key", input: { text: "You said: Hello?" } });
  expect(seen[0]?.input).toMatchObject({ max: 4, lease_ms: 30_000, fallback: false });
  expect(seen[0]?.input["worker"]).toMatch(new RegExp(`-${process.pid}$`));
});

test("claims for the assistants that it is told", async () => {
  const { url, seen } = await startPlatform();
  startServing({ url, key: "the key", answer: noAnswer, assistants: ["poet"] });
  await until("it claims", () => seen.length > 0);
  expect(seen[0]?.input).toMatchObject({ assistants: ["poet"] });
});

test.each([
  [
    "an AnswerError, in its own words",
    new AnswerError("The library is closed.", { code: "closed", retry: false }),
    { code: "closed", message: "The library is closed.", retry: false },
  ],
  [
    "any other error, in words that tell nothing of it",
    new RangeError("a secret"),
    { code: "worker_error", message: "The AI could not answer. Please try again.", retry: true },
  ],
])("reports %s", async (_name, error, expected) => {
  const { url, seen } = await startPlatform();
  startServing({
    url,
    key: "the key",
    answer: () => {
      throw error;
    },
  });
  const report = await until("the failure is reported", () => seen.find(({ path }) => path === "/trpc/worker.fail"));
  expect(report.input).toMatchObject(expected);
});

test("follows no redirect, which would take the key to another host", async () => {
  const other = await startPlatform();
  let requests = 0;
  const url = await listen((_request, response) => {
    requests += 1;
    response.writeHead(307, { location: `${other.url}/trpc/worker.claim` }).end();
  });
  startServing({ url, key: "the key", answer: noAnswer });
  await until("it has tried again", () => requests > 1);
  expect(other.seen).toEqual([]);
});

test.each([
  ["a url without a scheme", { url: "chat.example.com", key: "k" }, "url must be the origin of the platform"],
  ["an empty key", { url: "https://chat.example.com", key: "" }, "key must be a service key of the platform"],
])("refuses %s at once", (_name, options, message) => {
  expect(() => serve({ ...options, answer: noAnswer })).toThrow(message);
});
