import { limits } from "@deepbot/contract";
import { expect, test } from "vitest";
import { createFakePlatform } from "./support/fake-platform.ts";

const platform = () =>
  createFakePlatform({
    "dialogs.list": () => ({ dialogs: [] }),
    "runs.get": ({ run_id }) => ({ run_id }),
    "runs.cancel": ({ run_id }) => ({ run_id }),
    "account.export": () => ({}),
  });

test("sends queries of one moment in one request, with the headers", async () => {
  const { client, requests } = platform();
  await Promise.all([client.dialogs.list.query(), client.runs.get.query({ run_id: 1 })]);
  expect(requests.map(({ url }) => url.pathname)).toEqual(["/trpc/dialogs.list,runs.get"]);
  expect(requests[0]?.headers.get("x-from")).toBe("test");
});

test("splits batches at the platform's limits on calls and on the length of an address", async () => {
  const { client, requests } = platform();
  const runIds = Array.from({ length: 4 * limits.batchMax }, (_, index) => 100_000_000 + index);
  const runs = await Promise.all(runIds.map((run_id) => client.runs.get.query({ run_id })));
  expect(runs.map(({ run_id }) => run_id)).toEqual(runIds);
  for (const { url } of requests) {
    expect(url.pathname.split(",").length).toBeLessThanOrEqual(limits.batchMax);
    expect(url.href.length).toBeLessThanOrEqual(limits.batchUrlMaxLength);
  }
});

test("sends each mutation, and the export, in a request of its own", async () => {
  const { client, requests } = platform();
  await Promise.all([
    client.runs.cancel.mutate({ run_id: 1 }),
    client.runs.cancel.mutate({ run_id: 2 }),
    client.account.export.query(),
    client.dialogs.list.query(),
  ]);
  expect(requests.map(({ method, url }) => `${method} ${url.pathname}`).toSorted()).toEqual([
    "GET /trpc/account.export",
    "GET /trpc/dialogs.list",
    "POST /trpc/runs.cancel",
    "POST /trpc/runs.cancel",
  ]);
});
