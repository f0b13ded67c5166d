import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { composer, createDialog, signIn } from "../../src/screens.ts";
import type { TestPlatform } from "../support/describe-platform.ts";

const maxBytes = 250_000;

interface Script {
  path: string;
  /** After compression. */
  bytes: number;
  /** Prefetched after the first screen was rendered. */
  isLater: boolean;
}

/** Runs in each page before its own scripts. Marks the time of the first render. */
function markFirstScreen(): void {
  const observer = new MutationObserver(() => {
    if (document.querySelector("main") === null) return;
    performance.mark("first screen");
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}

async function readScripts(page: Page): Promise<Script[]> {
  await page.waitForLoadState("networkidle");
  return page.evaluate(() => {
    const [screen] = performance.getEntriesByName("first screen");
    if (screen === undefined) throw new Error("There was no first screen.");
    return performance
      .getEntriesByType("resource")
      .map((entry) => entry as PerformanceResourceTiming)
      .filter(({ name }) => name.endsWith(".js"))
      .map(({ name, encodedBodySize, startTime }) => ({
        path: new URL(name).pathname,
        bytes: encodedBodySize,
        isLater: startTime > screen.startTime,
      }));
  });
}

const sum = (scripts: readonly Script[]): number => scripts.reduce((total, { bytes }) => total + bytes, 0);

export function firstLoadSuite(platform: () => TestPlatform): void {
  describe("the first load", () => {
    function expectSmall(screen: string, scripts: readonly Script[]): void {
      const lines = scripts.map(
        ({ path, bytes, isLater }) => `${String(bytes).padStart(9)}  ${path}${isLater ? " (later)" : ""}`,
      );
      const first = scripts.filter(({ isLater }) => !isLater);
      console.log([`JavaScript of the ${screen} screen, bytes: ${sum(first)}`, ...lines].join("\n"));
      for (const { path, bytes } of scripts) expect(bytes, path).toBeGreaterThan(0);
      expect(sum(first)).toBeGreaterThan(50_000);
      expect(sum(first)).toBeLessThanOrEqual(maxBytes);
    }

    test("of the sign-in screen needs at most 250 kB of JavaScript", async () => {
      const { context, open } = await platform().visit();
      await context.addInitScript(markFirstScreen);
      const page = await open();
      await page.getByLabel("Your name").waitFor();
      expectSmall("sign-in", await readScripts(page));
    });

    test("of a dialog needs at most 250 kB of JavaScript", async () => {
      const { context, open } = await platform().visit();
      const first = await open();
      await signIn(first, "mia");
      await createDialog(first, "Small");
      const newcomer = await platform().visit({ storageState: await context.storageState() });
      await newcomer.context.addInitScript(markFirstScreen);
      const page = await newcomer.open(new URL(first.url()).pathname);
      await composer(page).waitFor();
      const scripts = await readScripts(page);
      expectSmall("chat", scripts);
      expect(scripts.some(({ isLater }) => isLater)).toBe(true);
    });

    test("is cached: the next one requests only the script without a hash in its name", async () => {
      const { open } = await platform().visit();
      const page = await open();
      await page.getByLabel("Your name").waitFor();
      await page.waitForLoadState("networkidle");
      await page.goto("about:blank");
      const before = (await platform().proxy.accessLog()).length;
      await page.goto("/");
      await page.getByLabel("Your name").waitFor();
      const requested = (await platform().proxy.accessLog()).slice(before);
      expect(requested.match(/\/[\w./-]+\.js\b/g)).toEqual(["/theme.js"]);
    });

    test("enforces the Content-Security-Policy, and these tests notice a violation", async () => {
      const visitor = await platform().visit();
      const page = await visitor.open();
      await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'changed'";
        document.head.append(script);
      });
      await expect.poll(() => visitor.takeErrors().join("\n")).toMatch(/policy: script-src/);
      expect(await page.title()).not.toBe("changed");
      await page.evaluate(() => {
        const picture = document.createElement("img");
        picture.src = "https://evil.example/pixel.png";
        document.body.append(picture);
      });
      await expect.poll(() => visitor.takeErrors().join("\n")).toMatch(/policy: img-src https:\/\/evil\.example/);
      await expect.poll(() => visitor.takeErrors()).toEqual([]);
    });
  });
}
