import { describe, expect, it } from "vitest";
import { createConnection, recordFailure, trackRequest } from "../src/api/connection.ts";
import { outage, refusal } from "./support/errors.ts";

const json = { headers: { "content-type": "application/json" } };

describe("the connection", () => {
  it.each([
    { name: "the network fails", answer: () => Promise.reject(new TypeError("Failed to fetch")), state: "lost" },
    { name: "a proxy responds", answer: async () => new Response("<h1>502</h1>", { status: 502 }), state: "lost" },
    {
      name: "the server refuses",
      answer: async () => new Response("{}", { ...json, status: 403 }),
      state: "reached",
    },
    { name: "the server responds", answer: async () => new Response("{}", json), state: "reached" },
  ])("is $state when $name", async ({ answer, state }) => {
    const connection = createConnection();
    await trackRequest(connection, answer).catch(() => {});
    expect(connection.get()).toBe(state);
  });

  it("does not change when a request is aborted", async () => {
    const connection = createConnection();
    const aborted = AbortSignal.abort();
    await expect(trackRequest(connection, () => Promise.reject(aborted.reason), aborted)).rejects.toThrow("aborted");
    expect(connection.get()).toBe("reached");
  });

  it.each([
    { name: "a network error", error: outage(), state: "lost" },
    { name: "a database outage", error: refusal("database_unavailable", 503), state: "lost" },
    { name: "a restart", error: refusal("shutting_down", 503), state: "lost" },
    { name: "too many open pages", error: refusal("too_many_watches", 503), state: "reached" },
    { name: "a refusal", error: refusal("dialog_limit", 403), state: "reached" },
    { name: "the end of the session", error: refusal("session_invalid", 401), state: "reached" },
  ])("is $state after $name", ({ error, state }) => {
    const connection = createConnection();
    connection.set(state === "lost" ? "reached" : "lost");
    recordFailure(connection, error);
    expect(connection.get()).toBe(state);
  });

  it("does not change because of a bug in the page", () => {
    const connection = createConnection();
    connection.set("lost");
    recordFailure(connection, new RangeError("ours"));
    expect(connection.get()).toBe("lost");
  });
});
