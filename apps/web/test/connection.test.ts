import { describe, expect, it } from "vitest";
import { createConnection, noteFailure, watchRequest } from "../src/api/connection.ts";
import { outage, refusal } from "./support/refusals.ts";

const json = { headers: { "content-type": "application/json" } };

describe("the connection", () => {
  it.each([
    { name: "nobody answers", answer: () => Promise.reject(new TypeError("Failed to fetch")), state: "lost" },
    { name: "a proxy answers", answer: async () => new Response("<h1>502</h1>", { status: 502 }), state: "lost" },
    {
      name: "the platform refuses",
      answer: async () => new Response("{}", { ...json, status: 403 }),
      state: "reached",
    },
    { name: "the platform answers", answer: async () => new Response("{}", json), state: "reached" },
  ])("is $state when $name", async ({ answer, state }) => {
    const connection = createConnection();
    await watchRequest(connection, answer).catch(() => {});
    expect(connection.get()).toBe(state);
  });

  it("is not lost by a request that was given up", async () => {
    const connection = createConnection();
    const gaveUp = AbortSignal.abort();
    await expect(watchRequest(connection, () => Promise.reject(gaveUp.reason), gaveUp)).rejects.toThrow("aborted");
    expect(connection.get()).toBe("reached");
  });

  it.each([
    { name: "no answer", error: outage(), state: "lost" },
    { name: "an outage of the database", error: refusal("database_unavailable", 503), state: "lost" },
    { name: "a restart", error: refusal("shutting_down", 503), state: "lost" },
    { name: "too many open pages", error: refusal("too_many_watches", 503), state: "reached" },
    { name: "a refusal", error: refusal("dialog_limit", 403), state: "reached" },
    { name: "the end of the session", error: refusal("session_invalid", 401), state: "reached" },
  ])("is $state after $name", ({ error, state }) => {
    const connection = createConnection();
    connection.set(state === "lost" ? "reached" : "lost");
    noteFailure(connection, error);
    expect(connection.get()).toBe(state);
  });

  it("is judged by calls, not by our own mistakes", () => {
    const connection = createConnection();
    connection.set("lost");
    noteFailure(connection, new RangeError("ours"));
    expect(connection.get()).toBe("lost");
  });
});
