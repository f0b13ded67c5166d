import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildPages } from "../src/build-pages.ts";
import { findChromium, findProgram } from "@deepbot/testing/find-program";

declare module "vitest" {
  interface ProvidedContext {
    /** Programs that the suites need and that are not installed. */
    missingPrograms: string[];
    /** Folder of the built pages. */
    pages: string;
  }
}

const needed = { nginx: () => findProgram("nginx"), openssl: () => findProgram("openssl"), Chromium: findChromium };

/** Builds the pages once for all files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = Object.entries(needed).flatMap(([name, find]) => (find() === null ? [name] : []));
  if (missing.length > 0 && process.env["CI"] === "true") {
    throw new Error(`CI runs every suite: it needs ${missing.join(", ")}.`);
  }
  const parent = await mkdtemp(join(tmpdir(), "deepbot-pages-"));
  const pages = join(parent, "dist");
  if (missing.length === 0) await buildPages(pages);
  project.provide("missingPrograms", missing);
  project.provide("pages", pages);
  return () => rm(parent, { recursive: true, force: true });
}
