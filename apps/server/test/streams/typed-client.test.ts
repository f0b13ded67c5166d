import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@deepbot/api";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";

describe("the official tRPC client", () => {
  const api = useApi();

  const links = [
    { name: "httpLink", link: httpLink },
    { name: "httpBatchLink", link: httpBatchLink },
    { name: "httpBatchStreamLink", link: httpBatchStreamLink },
  ];

  it.for(links)("gets results and refusals of calls made at once over $name", async ({ link }) => {
    const { cookie, userId } = await api.signIn();
    const options = { url: `${api.url}/trpc`, headers: { cookie } };
    const client = createTRPCClient<AppRouter>({ links: [link(options)] });
    const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
      call.catch((error: unknown) => (error instanceof TRPCClientError ? (error.data as unknown) : error));
    const [me, dialogs, unknown, forbidden] = await Promise.all([
      client.auth.me.query(),
      client.dialogs.list.query(),
      refusalOf(client.dialogs.get.query({ dialog_id: 2_000_000_000 })),
      refusalOf(client.health.check.query()),
    ]);
    expect(me.content).toMatchObject([{ id: userId }]);
    expect(dialogs).toEqual({ server: "ok", dialogs: [] });
    expect(unknown).toMatchObject({ code: "dialog_not_found", httpStatus: 404, error_code: "dialog_not_found" });
    expect(forbidden).toMatchObject({ code: "key_refused", httpStatus: 403 });
    const { dialog } = await client.dialogs.create.mutate({ dialog_name: "abc" });
    expect((await client.dialogs.list.query()).dialogs).toEqual([{ dialog_id: dialog, dialog_name: "abc" }]);
  });
});
