import { beforeEach, describe, expect, it, vi } from "vitest";
import { page } from "vitest/browser";
import { openApp } from "./support/open-app.tsx";
import { button } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

/** What the page tells Google's script. */
interface ButtonOptions {
  client_id: string;
  nonce: string;
  callback: (response: { credential: string }) => void;
}

let server: StandInServer;
let buttons: ButtonOptions[];

beforeEach(async () => {
  server = startStandInServer();
  server.state.googleClientId = "client-of-tests";
  buttons = [];
  const id = { initialize: (options: ButtonOptions) => void buttons.push(options), renderButton: () => {} };
  vi.stubGlobal("google", { accounts: { id } });
  await openApp();
  // The tests have no network: the script "loads" without it.
  await expect
    .poll(() => {
      const scripts = document.querySelectorAll<HTMLScriptElement>('script[src^="https://accounts.google.com/"]');
      for (const script of scripts) script.onload?.(new Event("load"));
      return buttons.length;
    })
    .toBeGreaterThan(0);
});

const newest = (): ButtonOptions | undefined => buttons.at(-1);

describe("Google's button", () => {
  it("asks for a token that is tied to this browser, and signs in with it", async () => {
    expect(newest()).toMatchObject({ client_id: "client-of-tests", nonce: expect.stringMatching(/^nonce-/) });
    newest()?.callback({ credential: "edda" });
    await expect.element(button("Sign out")).toBeVisible();
  });

  it("asks with a fresh nonce after a sign-in that was refused", async () => {
    server.refuseNext("auth.signIn", "account_blocked");
    const used = newest();
    used?.callback({ credential: "mallory" });
    await expect.element(page.getByText("This account is blocked.")).toBeVisible();
    await expect.poll(() => newest()?.nonce).not.toBe(used?.nonce);
  });
});
