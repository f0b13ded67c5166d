import { sql } from "@deepbot/db/testing";
import { testKeys, type ServerProcess } from "@deepbot/testing";
import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Visitor } from "../../src/browser.ts";
import { answers, ask, button, composer, createDialog, questions, signIn } from "../../src/screens.ts";
import type { TestPlatform } from "../support/describe-platform.ts";

async function countStreams({ url }: ServerProcess): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { "x-health-key": testKeys.health } });
  return Number(/^deepbot_open_streams (\d+)$/m.exec(await response.text())?.[1]);
}

/** The next request reaches the server, but its response is lost. The returned function tells whether that happened. */
async function loseNextReply(page: Page, urlPattern: string): Promise<() => boolean> {
  const session = await page.context().newCDPSession(page);
  let isLost = false;
  session.on("Fetch.requestPaused", ({ requestId }) => {
    isLost = true;
    void session
      .send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" })
      .then(() => session.send("Fetch.disable"));
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern, requestStage: "Response" }] });
  return () => isLost;
}

export function interruptionsSuite(platform: () => TestPlatform): void {
  describe("an interruption", () => {
    let visitor: Visitor;
    let page: Page;

    beforeEach(async ({ task }) => {
      visitor = await platform().visit();
      page = await visitor.open();
      await signIn(page, `Hilda ${task.name}`);
      await createDialog(page, "Bad weather");
    });

    const lost = () => page.getByText("No connection to Deepbot. Your messages will be sent when you’re back online.");

    async function storedQuestions(text: string): Promise<number> {
      const rows: unknown = await platform().database.db.execute(sql`select 1 from messages where content = ${text}`);
      return Array.from(rows as Iterable<unknown>).length;
    }

    test("that loses a response does not store the message twice", async () => {
      const lostReply = await loseNextReply(page, "*/trpc/runs.start*");
      await ask(page, "Did you hear me?");
      const run = await platform().worker.claim();
      await run.complete("Once.");
      await answers(page).getByText("Once.").waitFor();
      await button(page, "Send").waitFor();
      expect(lostReply()).toBe(true);
      expect(await storedQuestions("Did you hear me?")).toBe(1);
      expect(await questions(page).count()).toBe(1);
    });

    test("of nginx is shown, and the answer continues afterwards", async () => {
      await ask(page, "Tell me slowly");
      const run = await platform().worker.claim();
      await run.append("At first");
      await answers(page).getByText("At first").waitFor();
      await platform().proxy.child().stop();
      await lost().waitFor();
      await composer(page).fill("a draft meanwhile");
      await run.append(", and then");
      await platform().proxy.startAgain();
      await answers(page).getByText("At first, and then").waitFor();
      await lost().waitFor({ state: "hidden" });
      await run.complete();
      await button(page, "Send").waitFor();
      expect(await answers(page).allInnerTexts()).toEqual(["At first, and then"]);
      expect(await composer(page).inputValue()).toBe("a draft meanwhile");
    });

    // Keep this test last: it kills a server.
    test("of a server does not lose or repeat a part of the answer", async () => {
      await ask(page, "Count to six");
      const run = await platform().worker.claim();
      await run.append("one two ");
      await answers(page).getByText("one two").waitFor();
      const counts = await Promise.all(platform().servers.map(countStreams));
      expect(counts).toEqual(expect.arrayContaining([0, 1]));
      const [killed] = platform().servers.splice(counts.indexOf(1), 1);
      await killed?.kill();
      await run.append("three four ");
      await answers(page).getByText("one two three four").waitFor();
      await run.append("five six");
      await run.complete();
      await answers(page).getByText("one two three four five six").waitFor();
      await button(page, "Send").waitFor();
      expect(await answers(page).allInnerTexts()).toEqual(["one two three four five six"]);
      await page.reload();
      await answers(page).getByText("one two three four five six").waitFor();
      expect(await answers(page).allInnerTexts()).toEqual(["one two three four five six"]);
    });
  });
}
