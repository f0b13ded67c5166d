import { beforeEach, describe, expect, it } from "vitest";
import { userEvent } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { ask, button, composer, log, textsOf } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(() => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("ann");
});

async function openDialog(texts: readonly string[]): Promise<number> {
  const { id } = server.state.user("ann");
  const dialogId = server.state.addDialog(id, "Long", texts);
  await openApp(urls.dialog(dialogId));
  await expect.element(composer()).toBeVisible();
  return dialogId;
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `Message ${index + 1} of ${count}`);
const distanceToEnd = (): number => {
  const view = log().element();
  return view.scrollHeight - view.scrollTop - view.clientHeight;
};
const topOf = (text: string): number => log().getByText(text, { exact: true }).element().getBoundingClientRect().top;
const loaded = (): number => log().getByRole("article").elements().length;

describe("the thread", () => {
  it("opens at the newest message and loads only one page", async () => {
    await openDialog(numbered(1_000));
    await expect.element(log().getByText("Message 1000 of 1000")).toBeInViewport();
    expect(loaded()).toBeLessThan(200);
  });

  it("loads every older message, in order and once, while the person scrolls up", async () => {
    const texts = numbered(300);
    await openDialog(texts);
    await expect
      .poll(
        async () => {
          await userEvent.wheel(log(), { delta: { y: -3_000 } });
          return loaded();
        },
        { interval: 20, timeout: 20_000 },
      )
      .toBe(300);
    await expect
      .poll(async () => {
        await userEvent.wheel(log(), { delta: { y: -20_000 } });
        return log().element().scrollTop;
      })
      .toBe(0);
    await expect.element(log().getByText("Start of the dialog")).toBeInViewport();
    expect(textsOf(log().getByRole("article"))).toEqual(texts);
    await button("Go to the latest message").click();
    await expect.poll(distanceToEnd).toBeLessThan(2);
  });

  it("keeps the visible messages in place when older ones arrive", async () => {
    const release = server.hold("messages.list");
    const opening = openDialog(numbered(100));
    release();
    await opening;
    await expect.element(log().getByText("Message 100 of 100")).toBeInViewport();
    const releasePage = server.hold("messages.list");
    await userEvent.wheel(log(), { delta: { y: -100_000 } });
    await expect.poll(() => log().element().scrollTop).toBe(0);
    const before = topOf("Message 71 of 100");
    releasePage();
    await expect.poll(loaded).toBeGreaterThan(30);
    expect(Math.abs(topOf("Message 71 of 100") - before)).toBeLessThan(60);
  });

  it("offers to try again when older messages cannot be loaded", async () => {
    const release = server.hold("messages.list");
    const opening = openDialog(numbered(100));
    release();
    await opening;
    server.refuseNext("messages.list", "dialog_not_found");
    await userEvent.wheel(log(), { delta: { y: -100_000 } });
    await expect.element(log().getByText("Couldn’t load older messages.")).toBeVisible();
    await button("Try again").click();
    await expect.poll(loaded).toBeGreaterThan(30);
  });

  it("shows a new question although the person had scrolled away", async () => {
    await openDialog(numbered(25));
    await expect.element(log().getByText("Message 25 of 25")).toBeInViewport();
    await userEvent.wheel(log(), { delta: { y: -2_000 } });
    await expect.element(button("Go to the latest message")).toBeVisible();
    await ask("And now?");
    await expect.element(log().getByText("And now?")).toBeInViewport();
    await expect.poll(distanceToEnd).toBeLessThan(2);
  });

  it("follows a streaming answer, until the person scrolls away", async () => {
    await openDialog(numbered(20));
    await ask("Go on");
    const run = await server.claim();
    run.append("Line\n\n".repeat(40));
    await expect.element(log().getByText("Line").last()).toBeInViewport();
    await expect.poll(distanceToEnd).toBeLessThan(2);
    await userEvent.wheel(log(), { delta: { y: -400 } });
    await expect.element(button("Go to the latest message")).toBeVisible();
    run.append("Line\n\n".repeat(40));
    await expect.poll(distanceToEnd).toBeGreaterThan(800);
    await button("Go to the latest message").click();
    await expect.poll(distanceToEnd).toBeLessThan(2);
  });
});
