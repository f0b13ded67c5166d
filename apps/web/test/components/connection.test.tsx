import { expect, it } from "vitest";
import { page } from "vitest/browser";
import { openApp } from "./support/open-app.tsx";
import { startStandInServer } from "./support/stand-in-server.ts";

/** Longer than all retries of one call together. */
const outageMs = 5_000;

it("a page that asks for nothing itself finds out within seconds that the server is back", async () => {
  const server = startStandInServer();
  server.state.signedIn = server.state.user("ann");
  await openApp();
  await expect.element(page.getByText("Name your first dialog")).toBeVisible();
  server.goOffline();
  window.dispatchEvent(new Event("offline"));
  const notice = page.getByText("No connection to Deepbot.");
  await expect.element(notice).toBeVisible();
  const lostAt = performance.now();
  await expect.poll(() => performance.now() - lostAt).toBeGreaterThan(outageMs);
  server.goOnline();
  await expect.element(notice, { timeout: 5_000 }).not.toBeInTheDocument();
});
