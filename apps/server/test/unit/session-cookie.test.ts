import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createSessionCookie } from "../../src/plugins/session-cookie.ts";

const { read, write } = createSessionCookie({ secure: true, maxAgeMs: 60_000 });

test("a token that one call of a batch has set is not replaced by the renewal for another", () => {
  const headers = new Map<string, readonly string[]>();
  const res = { headersSent: false, setHeader: (name: string, value: readonly string[]) => headers.set(name, value) };
  const cookies = read({ headers: { cookie: "access_token=old" } } as Parameters<typeof read>[0]);
  const writer = write(res as unknown as ServerResponse, cookies);
  writer.renewSessionToken("renewed");
  writer.setSessionToken("of-the-sign-in");
  writer.renewSessionToken("renewed-again");
  expect(headers.get("Set-Cookie")).toEqual([
    expect.stringMatching(/^__Host-access_token=of-the-sign-in; Max-Age=60; /),
    expect.stringMatching(/^access_token=; Max-Age=0; /),
  ]);
});
