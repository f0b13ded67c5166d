import { errorCatalogue, type ErrorCode } from "@deepbot/contract";
import { expect, test } from "vitest";
import { createClient, failureClassOf, failureOf } from "../src/index.ts";
import { createFakePlatform, FakeRefusal } from "./support/fake-platform.ts";

async function failureWith(refuse: () => never): Promise<unknown> {
  const { client } = createFakePlatform({ "runs.cancel": refuse });
  return client.runs.cancel.mutate({ run_id: 1 }).then(() => undefined, failureOf);
}

const examples: [ErrorCode, string][] = [
  ["session_invalid", "signed_out"],
  ["google_token_invalid", "refused"],
  ["dialog_limit", "refused"],
  ["run_not_found", "lease_lost"],
  ["run_ended", "lease_lost"],
  ["lease_lost", "lease_lost"],
  ["delta_gap", "refused"],
  ["too_many_requests", "unavailable"],
  ["database_unavailable", "unavailable"],
];

test.each(examples)("%s is %s", async (code, kind) => {
  const refuse = (): never => {
    throw new FakeRefusal(code);
  };
  expect(await failureWith(refuse)).toEqual({ kind, code });
});

test("a broken connection is unavailable", async () => {
  const cut = (): never => {
    throw new TypeError("fetch failed");
  };
  expect(await failureWith(cut)).toEqual({ kind: "unavailable", code: "unreachable" });
});

test.each([
  ["HTML", new Response("<html>502</html>", { status: 502, headers: { "content-type": "text/html" } })],
  ["JSON", Response.json({ message: "Bad Gateway" }, { status: 502 })],
])("a proxy's error page in %s is unavailable", async (_name, page) => {
  const client = createClient({ url: "http://platform.test", fetch: async () => page });
  const failure = await client.runs.cancel.mutate({ run_id: 1 }).then(() => undefined, failureOf);
  expect(failure).toEqual({ kind: "unavailable", code: "unreachable" });
});

test("an error that no call threw is a bug of the caller", () => {
  expect(failureOf(new Error("oops"))).toEqual({ kind: "broken", code: "internal" });
});

test.each([
  [401, "signed_out"],
  [404, "refused"],
  [408, "unavailable"],
  [425, "unavailable"],
  [429, "unavailable"],
  [500, "unavailable"],
])("the status decides about a code that this client does not know: %i is %s", (status, kind) => {
  expect(failureClassOf({ code: "of_a_newer_server", status })).toBe(kind);
});

test("the code decides where it is known, whatever the status", () => {
  expect(failureClassOf({ code: "dialog_not_found", status: 503 })).toBe(errorCatalogue.dialog_not_found.failure);
});
