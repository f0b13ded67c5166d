import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import type { BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject } from "vitest";
import { createVisitor, type Visitor } from "../../src/browser.ts";
import { startPlatform, type Platform } from "../../src/platform.ts";

export interface TestPlatform extends Platform {
  /** Opens a browser profile that is closed after the test. */
  visit: (options?: BrowserContextOptions) => Promise<Visitor>;
}

/**
 * Runs a suite on a platform of its own. In every test, the pages must not violate their Content-Security-Policy or
 * throw. If a program is missing, the suite is skipped and its name says why.
 */
export function describePlatform(name: string, suite: (platform: () => TestPlatform) => void): void {
  const missing = inject("missingPrograms");
  const describeIfComplete = missing.length > 0 ? describe.skip : describePostgres;
  describeIfComplete(missing.length > 0 ? `${name}: needs ${missing.join(", ")}` : name, () => {
    let postgres: TestPostgres;
    let platform: Platform | undefined;
    const visitors: Visitor[] = [];

    beforeAll(async () => {
      postgres = await createTestPostgres();
      platform = await startPlatform({ databaseUrl: postgres.url, pages: inject("pages") });
    });

    afterEach(async ({ task }) => {
      const closing = visitors.splice(0);
      if (task.result?.state === "fail") await describePages(closing);
      for (const { context } of closing) await context.close();
      expect(closing.flatMap((visitor) => visitor.takeErrors())).toEqual([]);
    });

    afterAll(async () => {
      await platform?.stop();
      await postgres.drop();
    });

    suite(() => {
      if (platform === undefined) return neverStarted();
      const { browser } = platform;
      const visit = async (options?: BrowserContextOptions): Promise<Visitor> => {
        const visitor = await createVisitor(browser, options);
        visitors.push(visitor);
        return visitor;
      };
      return { ...platform, visit };
    });
  });
}

/** Prints what the pages showed when a test failed. */
async function describePages(visitors: readonly Visitor[]): Promise<void> {
  for (const page of visitors.flatMap(({ context }) => context.pages())) {
    console.log(`${page.url()}\n${await page.locator("body").ariaSnapshot()}`);
  }
}

function neverStarted(): never {
  throw new Error("The platform has not been started.");
}
