import type { Page } from "playwright-core";
import { createVisitor } from "../browser.ts";
import type { Platform } from "../platform.ts";
import { withPlatform } from "../scratch-platform.ts";
import { answers, ask, button, composer, createDialog, log, signIn } from "../screens.ts";
import { seedDialog } from "../seed.ts";
import { startTypingMonitor, type Delays } from "./typing.ts";

const paragraph =
  "The **answer** to that is `not` quite simple, see [there](https://example.com/): a list follows.\n\n- one\n- two\n";

const code = "```ts\nexport const add = (a: number, b: number): number => a + b;\n```\n";

const openings = 5;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** From the click on the link until the newest of 1,000 messages is rendered. */
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
            const check = (): void => {
              const rendered = [...document.querySelectorAll("[role=log] strong")];
              if (rendered.some(({ textContent }) => textContent === "Answer 999"))
                resolve(performance.now() - timeStamp);
              else requestAnimationFrame(check);
            };
            check();
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

/** Types while an answer of 20 kB is streaming. */
async function measureTyping(page: Page, { worker }: Platform): Promise<void> {
  await page.goto("/");
  await createDialog(page, "Typing");
  const monitor = await startTypingMonitor(page);
  await page.keyboard.type("nothing else is going on".repeat(4), { delay: 30 });
  report("Typing alone", await monitor.take());
  await composer(page).fill("");
  await ask(page, "Go on at length");
  const run = await worker.claim();
  const answer = `${paragraph}\n${code}\n`.repeat(Math.ceil(20_000 / (paragraph.length + code.length)));
  const deltas = answer.match(/[^]{1,24}/g) ?? [];
  const streamed = (async () => {
    for (const delta of deltas) await run.append(delta);
  })();
  await answers(page).waitFor();
  await monitor.take();
  // The answer takes longer to stream than this takes to type.
  const typed = page.keyboard.type("while it streams ".repeat(8), { delay: 30 });
  await Promise.all([streamed, typed]);
  report(`Typing while ${answer.length} characters stream in ${deltas.length} deltas`, await monitor.take());
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
