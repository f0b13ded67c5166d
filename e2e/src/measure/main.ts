import type { Page } from "playwright-core";
import { createVisitor } from "../browser.ts";
import type { Platform } from "../platform.ts";
import { withPlatform } from "../scratch-platform.ts";
import { answers, ask, button, composer, createDialog, log, signIn } from "../screens.ts";
import { seedDialog } from "../seed.ts";
import { startTypingWatch, type Delays } from "./typing.ts";

const paragraph =
  "The **answer** to that is `not` quite simple, see [there](https://example.com/): a list follows.\n\n- one\n- two\n";

const code = "```ts\nexport const add = (a: number, b: number): number => a + b;\n```\n";

const openings = 5;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** From the click on its link until the newest of 1,000 messages is to be seen, and set. */
async function measureOpening(page: Page, { database }: Platform): Promise<void> {
  const texts = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0 ? `Question ${index}` : `**Answer ${index}**\n\n${paragraph}${index % 10 === 1 ? code : ""}`,
  );
  const dialogId = await seedDialog(database, { email: "otto@example.com", name: "Long", texts });
  const times: number[] = [];
  for (let count = 0; count < openings; count += 1) {
    await page.goto("/");
    const link = page.getByRole("navigation").getByRole("link", { name: "Long" });
    await link.waitFor();
    await page.waitForLoadState("networkidle");
    const shown = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          addEventListener("click", ({ timeStamp }) => {
            const look = (): void => {
              const set = [...document.querySelectorAll("[role=log] strong")];
              if (set.some(({ textContent }) => textContent === "Answer 999")) resolve(performance.now() - timeStamp);
              else requestAnimationFrame(look);
            };
            look();
          });
        }),
    );
    await link.click();
    times.push(await shown);
  }
  await log(page).getByText("Answer 999").waitFor();
  const list = times.map((time) => time.toFixed(0)).join(", ");
  console.log(`Opening dialog ${dialogId} of 1,000 messages: ${list} ms; median ${median(times).toFixed(0)} ms`);
}

function report(what: string, { worst, p95, count, longTasks }: Delays): void {
  const tasks =
    longTasks.length === 0 ? "none" : `${longTasks.length}, the longest ${Math.max(...longTasks).toFixed(0)} ms`;
  console.log(
    `${what}: ${count} keys, from key to next frame p95 ${p95.toFixed(0)} ms, worst ${worst.toFixed(0)} ms; long tasks: ${tasks}`,
  );
}

/** Types while an answer of 20 kB grows, piece by piece. */
async function measureTyping(page: Page, { worker }: Platform): Promise<void> {
  await page.goto("/");
  await createDialog(page, "Typing");
  const watch = await startTypingWatch(page);
  await page.keyboard.type("nothing else goes on here".repeat(4), { delay: 30 });
  report("Typing in quiet", await watch.take());
  await composer(page).fill("");
  await ask(page, "Go on at length");
  const run = await worker.claim();
  const answer = `${paragraph}\n${code}\n`.repeat(Math.ceil(20_000 / (paragraph.length + code.length)));
  const pieces = answer.match(/[^]{1,24}/g) ?? [];
  const said = (async () => {
    for (const piece of pieces) await run.append(piece);
  })();
  await answers(page).waitFor();
  await watch.take();
  // A dozen letters a second: an answer of this length takes longer than this to be said.
  const typed = page.keyboard.type("while it grows ".repeat(8), { delay: 30 });
  await Promise.all([said, typed]);
  report(`Typing while ${answer.length} characters grow in ${pieces.length} pieces`, await watch.take());
  await run.complete();
  await button(page, "Send").waitFor();
}

await withPlatform(async (platform) => {
  const { open } = await createVisitor(platform.browser, { viewport: { width: 1280, height: 800 } });
  const page = await open();
  await signIn(page, "otto");
  await measureOpening(page, platform);
  await measureTyping(page, platform);
});
