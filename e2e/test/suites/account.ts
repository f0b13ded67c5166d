import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { Visitor } from "../../src/browser.ts";
import { answers, ask, button, composer, createDialog, signIn } from "../../src/screens.ts";
import type { TestPlatform } from "../support/describe-platform.ts";

export function accountSuite(platform: () => TestPlatform): void {
  describe("an account", () => {
    async function openAs(name: string): Promise<{ visitor: Visitor; page: Page }> {
      const visitor = await platform().visit();
      const page = await visitor.open();
      await signIn(page, name);
      return { visitor, page };
    }

    const openSettings = async (page: Page): Promise<void> => {
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    };

    async function statusOfMe(cookie: string): Promise<number> {
      const [server] = platform().servers;
      return (await fetch(`${server?.url}/me`, { headers: { cookie } })).status;
    }

    test("signs out: its cookie is removed, and a copy of it is rejected", async () => {
      const { visitor, page } = await openAs("cleo");
      await createDialog(page, "Cleo's own");
      const [cookie] = await visitor.context.cookies();
      expect(cookie).toMatchObject({ name: "__Host-access_token", httpOnly: true, secure: true, sameSite: "Lax" });
      const copy = `${cookie?.name}=${cookie?.value}`;
      expect(await statusOfMe(copy)).toBe(200);
      await button(page, "Sign out").click();
      await page.getByRole("heading", { name: "Sign in to Deepbot" }).waitFor();
      expect(await visitor.context.cookies()).toEqual([]);
      expect(await statusOfMe(copy)).toBe(401);
      await signIn(page, "cleo");
      await page.getByRole("main").getByRole("link", { name: "Cleo's own" }).click();
      await composer(page).waitFor();
    });

    test("exports its data as JSON", async () => {
      const { page } = await openAs("fanny");
      await createDialog(page, "To take along");
      await ask(page, "Remember this");
      await (await platform().worker.claim()).complete("I shall.");
      await answers(page).getByText("I shall.").waitFor();
      await openSettings(page);
      const downloading = page.waitForEvent("download");
      await button(page, "Download my data").click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe("deepbot-export.json");
      const text = await readFile(await download.path(), "utf8");
      expect(JSON.parse(text)).toMatchObject({
        profile: { email: "fanny@example.com" },
        dialogs: [{ dialog_name: "To take along", messages: [{ content: "Remember this" }, { content: "I shall." }] }],
      });
    });
  });
}
