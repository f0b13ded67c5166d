import { createHash, X509Certificate } from "node:crypto";
import { hostName, type ProxyProcess } from "@deepbot/testing";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { findChromium } from "@deepbot/testing/find-program";

export const origin = `https://${hostName}`;

/** Generous, because the machine may be busy. */
const timeoutMs = 15_000;

/** The hash by which Chromium identifies a certificate's key. */
function keyHash(certificate: string): string {
  const { publicKey } = new X509Certificate(certificate);
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

/**
 * Starts Chromium, which resolves the site's name to nginx and every other name to nothing. It trusts nginx's
 * self-signed certificate, because it caches nothing under a certificate that it does not trust.
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

/** A browser profile, and the errors on its pages. */
export interface Visitor {
  context: BrowserContext;
  /** Opens a tab at a path of the site. */
  open: (path?: string) => Promise<Page>;
  /** Violations of the Content-Security-Policy and uncaught exceptions since the last call. */
  takeErrors: () => string[];
  /** Requests to other sites. None of them got through. */
  foreignRequests: readonly string[];
}

/** Runs in each page before its own scripts. */
function reportViolations(): void {
  document.addEventListener("securitypolicyviolation", (event) => {
    // Exposed by the context below.
    const report = Reflect.get(window, "reportViolation") as (text: string) => void;
    report(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`);
  });
}

function isForeign(address: string): boolean {
  const url = new URL(address);
  return url.protocol !== "data:" && url.protocol !== "blob:" && url.origin !== origin;
}

/** Opens a browser profile of its own. */
export async function createVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: origin, locale: "en-US", ...options });
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  context.setDefaultTimeout(timeoutMs);
  await context.exposeFunction("reportViolation", (text: string) => void errors.push(`policy: ${text}`));
  await context.addInitScript(reportViolations);
  context.on("request", (request) => {
    if (isForeign(request.url())) foreignRequests.push(request.url());
  });
  context.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) errors.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => errors.push(`exception: ${String(error.error())}`));
  return {
    context,
    open: async (path = "/") => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    },
    takeErrors: () => errors.splice(0),
    foreignRequests,
  };
}
