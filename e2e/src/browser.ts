import { createHash, X509Certificate } from "node:crypto";
import { hostName, type ProxyProcess } from "@deepbot/testing";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { findChromium } from "./find-program.ts";

export const origin = `https://${hostName}`;

/** Whatever a page is to show is there sooner than this, on a machine with other things to do too. */
const patienceMs = 15_000;

/** What Chromium calls a certificate's key. */
function keyHash(certificate: string): string {
  const { publicKey } = new X509Certificate(certificate);
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

/**
 * Starts Chromium. For it the site's name leads to nginx, and every other name nowhere. The certificate that nginx has
 * made is as good to it as a bought one: it would not cache what comes under a bad one.
 */
export async function launchBrowser({ ports, certificate }: ProxyProcess): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("Chromium is not installed.");
  return chromium.launch({
    executablePath,
    args: [
      `--host-resolver-rules=MAP ${hostName}:443 127.0.0.1:${ports.https}, MAP * ~NOTFOUND`,
      `--ignore-certificate-errors-spki-list=${keyHash(certificate)}`,
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A browser profile of its own, and what went wrong on its pages. */
export interface Visitor {
  context: BrowserContext;
  /** Opens a tab at a path of the site. */
  open: (path?: string) => Promise<Page>;
  /** Breaches of the pages' Content-Security-Policy and exceptions that nobody caught; forgets them. */
  takeFaults: () => string[];
  /** Requests that were to leave the site; none got through. */
  foreignRequests: readonly string[];
}

/** Runs in each page before anything else does. */
function watchPolicy(): void {
  document.addEventListener("securitypolicyviolation", (event) => {
    // The page calls out through a function that the context has put there.
    const report = Reflect.get(window, "reportViolation") as (text: string) => void;
    report(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`);
  });
}

function isForeign(address: string): boolean {
  const url = new URL(address);
  return url.protocol !== "data:" && url.protocol !== "blob:" && url.origin !== origin;
}

/** Somebody with a browser of their own. */
export async function createVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: origin, locale: "en-US", ...options });
  const faults: string[] = [];
  const foreignRequests: string[] = [];
  context.setDefaultTimeout(patienceMs);
  await context.exposeFunction("reportViolation", (text: string) => void faults.push(`policy: ${text}`));
  await context.addInitScript(watchPolicy);
  context.on("request", (request) => {
    if (isForeign(request.url())) foreignRequests.push(request.url());
  });
  context.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`exception: ${String(error.error())}`));
  return {
    context,
    open: async (path = "/") => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    },
    takeFaults: () => faults.splice(0),
    foreignRequests,
  };
}
