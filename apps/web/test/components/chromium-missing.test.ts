import { findChromium } from "@deepbot/testing/find-program";
import { describe, expect, it } from "vitest";

// Where Chromium is not installed, vitest.components.config.ts runs this file in place of the others.
describe.runIf(findChromium() !== null)("the pages: needs Chromium", () => {
  it("can be tested", () => expect(findChromium()).not.toBeNull());
});
