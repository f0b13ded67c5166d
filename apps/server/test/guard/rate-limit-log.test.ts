import { signInPerson } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";

let app: GuardedApp;

beforeAll(async () => {
  app = await startGuardedApp({
    env: { TRUSTED_PROXIES: "127.0.0.1", RATE_READS_PER_MINUTE: "2", RATE_PUBLIC_PER_MINUTE: "2" },
  });
});

afterAll(() => app.stop());

const linesAbout = (event: string, { log }: GuardedApp = app): object[] =>
  log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object)
    .filter((line) => "event" in line && line.event === event);

test("one line says who used up a quota, however many requests were refused", async () => {
  const person = await signInPerson(app.url, "ann");
  for (let count = 0; count < 9; count += 1) await person.call("GET", "/me");
  const headers = { "x-forwarded-for": "203.0.113.9" };
  for (let count = 0; count < 9; count += 1) await fetch(`${app.url}/config`, { headers });
  expect(linesAbout("rate_limited")).toMatchObject([
    { policy: "read", user_id: expect.any(Number) },
    { policy: "public", address: "203.0.113.9" },
  ]);
  expect(linesAbout("forwarded_for_ignored")).toEqual([]);
});

test("one line says that a proxy is missing in the settings", async () => {
  const other = await startGuardedApp();
  for (let count = 0; count < 3; count += 1) {
    await fetch(`${other.url}/config`, { headers: { "x-forwarded-for": "203.0.113.9" } });
  }
  await other.stop();
  expect(linesAbout("forwarded_for_ignored", other)).toMatchObject([{ address: "127.0.0.1" }]);
});
