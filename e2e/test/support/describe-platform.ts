import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import type { BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject } from "vitest";
import { createVisitor, type Visitor } from "../../src/browser.ts";
import { startPlatform, type Platform } from "../../src/platform.ts";

export interface TestPlatform extends Platform {
  /** Somebody with a browser of their own, until the test is over. */
  visit: (options?: BrowserContextOptions) => Promise<Visitor>;
}

/**
 * Runs a suite on a platform of its own. Whatever a test does, its pages must keep to their Content-Security-Policy and
 * throw nothing. Where a program is missing the suite is skipped, by a name that says so.
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
      const leaving = visitors.splice(0);
      if (task.result?.state === "fail") await describePages(leaving);
      for (const { context } of leaving) await context.close();
      expect(leaving.flatMap((visitor) => visitor.takeFaults())).toEqual([]);
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

/** What was to be seen when a test failed. */
async function describePages(visitors: readonly Visitor[]): Promise<void> {
  for (const page of visitors.flatMap(({ context }) => context.pages())) {
    console.log(`${page.url()}\n${await page.locator("body").ariaSnapshot()}`);
  }
}

function neverStarted(): never {
  throw new Error("The platform has not been started.");
}
