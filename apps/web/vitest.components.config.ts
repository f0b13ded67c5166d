import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineProject } from "vitest/config";
import { findChromium } from "@deepbot/testing/find-program";

const executablePath = findChromium();

if (executablePath === null && process.env["CI"] === "true") {
  throw new Error("CI runs every suite: the component tests need Chromium.");
}

const launchOptions = {
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  ...(executablePath === null ? {} : { executablePath }),
};

/** Tests of whole pages in Chromium, against a stand-in for the server. They need neither nginx nor a database. */
export default defineProject({
  plugins: [react(), tailwindcss()],
  test: {
    name: "web-components",
    include: executablePath === null ? ["test/components/chromium-missing.test.ts"] : ["test/components/*.test.tsx"],
    // Some chunks of the pages are loaded on demand.
    expect: { poll: { timeout: 10_000 } },
    setupFiles: ["test/components/support/setup.tsx"],
    browser: {
      enabled: executablePath !== null,
      headless: true,
      locators: { exact: false },
      screenshotFailures: false,
      viewport: { width: 1280, height: 800 },
      provider: playwright({ launchOptions, contextOptions: { locale: "en-US", reducedMotion: "reduce" } }),
      instances: [{ browser: "chromium" }],
    },
  },
});
