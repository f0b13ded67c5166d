import axe from "axe-core";
import type { Page } from "playwright-core";

/** Faults of the page as it is now that shut people out, one by one. */
export async function findBarriers(page: Page): Promise<string[]> {
  // What has just changed its colours is drawn in them by the second frame.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // It has just been put there.
    const { run } = Reflect.get(window, "axe") as typeof axe;
    return (await run(document, { resultTypes: ["violations"] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
