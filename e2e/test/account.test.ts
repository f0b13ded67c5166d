import { readFile } from "node:fs/promises";
import { sql } from "@deepbot/db/testing";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Visitor } from "../src/browser.ts";
import { answers, ask, button, composer, createDialog, signIn } from "../src/screens.ts";
import { describePlatform } from "./support/describe-platform.ts";

describePlatform("a person's account", (platform) => {
  async function comeAs(name: string): Promise<{ visitor: Visitor; page: Page }> {
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

  test("is left by signing out: a copy of the cookie opens nothing any more", async () => {
    const { visitor, page } = await comeAs("cleo");
    await createDialog(page, "Cleo's own");
    const [cookie] = await visitor.context.cookies();
    expect(cookie).toMatchObject({ name: "access_token", httpOnly: true, secure: true, sameSite: "Lax" });
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

  test("lists its devices; one that is ended says so and keeps what is being written", async () => {
    const { page: phone } = await comeAs("edda");
    await createDialog(phone, "On the phone");
    await composer(phone).fill("a long thought");
    const address = phone.url();
    const { page } = await comeAs("edda");
    await openSettings(page);
    const devices = page.getByRole("region", { name: "Devices" });
    await expect.poll(() => devices.getByRole("listitem").count()).toBe(2);
    expect(await devices.getByText("This device").count()).toBe(1);
    await devices.getByRole("button", { name: /^End the session on / }).click();
    await page.getByText("The session has ended.").waitFor();
    await expect.poll(() => devices.getByRole("listitem").count()).toBe(1);
    await phone.getByText("Your session has ended. Sign in again: what you were writing is kept.").waitFor();
    await phone.getByLabel("Your name").fill("edda");
    await button(phone, "Sign in").click();
    await expect.poll(() => composer(phone).inputValue()).toBe("a long thought");
    expect(phone.url()).toBe(address);
    await composer(phone).press("Enter");
    const run = await platform().worker.claim();
    expect(run.question).toBe("a long thought");
    await run.complete("Understood.");
    await answers(phone).getByText("Understood.").waitFor();
  });

  test("is exported as JSON", async () => {
    const { page } = await comeAs("fanny");
    await createDialog(page, "To take along");
    await ask(page, "Remember this");
    await (await platform().worker.claim()).complete("I shall.");
    await answers(page).getByText("I shall.").waitFor();
    await openSettings(page);
    const coming = page.waitForEvent("download");
    await button(page, "Download my data").click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe("deepbot-export.json");
    const text = await readFile(await download.path(), "utf8");
    expect(JSON.parse(text)).toMatchObject({
      profile: { email: "fanny@example.com" },
      dialogs: [{ dialog_name: "To take along", messages: [{ content: "Remember this" }, { content: "I shall." }] }],
    });
  });

  test("is deleted only by who types its address", async () => {
    const { visitor, page } = await comeAs("gerda");
    await createDialog(page, "Soon gone");
    const [cookie] = await visitor.context.cookies();
    await openSettings(page);
    await button(page, "Delete my account").click();
    const confirmation = page.getByRole("alertdialog", { name: "Delete your account?" });
    const typed = confirmation.getByRole("textbox", { name: "Type gerda@example.com to confirm" });
    const forGood = confirmation.getByRole("button", { name: "Delete for good" });
    await typed.fill("gerda@example.org");
    expect(await forGood.isDisabled()).toBe(true);
    await typed.fill("gerda@example.com");
    await forGood.click();
    await page.getByRole("heading", { name: "Sign in to Deepbot" }).waitFor();
    expect(await statusOfMe(`${cookie?.name}=${cookie?.value}`)).toBe(401);
    const { db } = platform().database;
    const rows: unknown = await db.execute(sql`select 1 from users where mail = 'gerda@example.com'`);
    expect(rows).toHaveLength(0);
    await signIn(page, "gerda");
    await page.getByText("No dialogs yet.").waitFor();
  });
});
