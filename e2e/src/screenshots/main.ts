import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { createVisitor } from "../browser.ts";
import type { Platform } from "../platform.ts";
import { withPlatform } from "../scratch-platform.ts";
import { answers, ask, createDialog, signIn } from "../screens.ts";
import { seedDialog } from "../seed.ts";
import { streamingAnswer, history } from "./texts.ts";

const folder = fileURLToPath(new URL("../../../docs/screenshots/", import.meta.url));

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const desktop = { viewport: { width: 1280, height: 800 } };

const views = [
  { name: "phone-light", person: "Anna", options: { ...phone, colorScheme: "light" } },
  { name: "phone-dark", person: "Boris", options: { ...phone, colorScheme: "dark" } },
  { name: "desktop-light", person: "Vera", options: { ...desktop, colorScheme: "light" } },
  { name: "desktop-dark", person: "Gleb", options: { ...desktop, colorScheme: "dark" } },
] as const;

/** A page in one size and colour scheme. */
interface Camera {
  page: Page;
  shoot: (screen: string) => Promise<void>;
}

async function shootScreens({ page, shoot }: Camera, { worker, database }: Platform, name: string): Promise<void> {
  await page.getByLabel("Your name").waitFor();
  await shoot("sign-in");
  await signIn(page, name);
  const email = `${name.toLowerCase()}@example.com`;
  await shoot("welcome");
  const dialogId = await seedDialog(database, { email, name: "Weekend in Kazan", texts: history });
  await seedDialog(database, { email, name: "SQL questions", texts: [] });
  await page.goto(`/chat/${dialogId}`);
  await answers(page).locator("code .hljs-keyword").first().waitFor();
  await shoot("chat");
  await createDialog(await toStart(page), "Ideas for supper");
  await ask(page, "What can I cook from leeks, potatoes and a bit of cream?");
  const run = await worker.claim();
  await run.append(streamingAnswer);
  await answers(page).getByRole("strong").getByText("leek and potato soup").waitFor();
  await shoot("streaming");
  await run.complete();
  await page.goto("/settings");
  await page.getByText("This device").waitFor();
  await shoot("settings");
}

async function toStart(page: Page): Promise<Page> {
  await page.goto("/");
  return page;
}

/** Saves the page as WebP, which takes a third of the size of PNG. */
async function savePicture(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 85 });
  await session.detach();
  await writeFile(path, Buffer.from(data, "base64"));
}

await mkdir(folder, { recursive: true });
await withPlatform(async (platform) => {
  for (const { name, person, options } of views) {
    const { context, open } = await createVisitor(platform.browser, { ...options, reducedMotion: "reduce" });
    const page = await open();
    const shoot = (screen: string): Promise<void> => savePicture(page, `${folder}${screen}-${name}.webp`);
    await shootScreens({ page, shoot }, platform, person);
    await context.close();
  }
});
