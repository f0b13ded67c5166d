import { beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp, reload } from "./support/open-app.tsx";
import { answers, ask, button, composer, dialogLink, questions, textsOf } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(async () => {
  server = startStandInServer();
  const { id } = (server.state.signedIn = server.state.user("ann"));
  const dialogId = server.state.addDialog(id, "Here");
  server.state.addDialog(id, "There");
  await openApp(urls.dialog(dialogId));
  await expect.element(composer()).toHaveFocus();
});

describe("the composer", () => {
  it("sends on Enter and starts a new line on Shift+Enter", async () => {
    await userEvent.keyboard("one{Shift>}{Enter}{/Shift}two{Enter}");
    expect((await server.claim()).question).toBe("one\ntwo");
    await expect.element(composer()).toHaveValue("");
    await expect.element(composer()).toHaveFocus();
  });

  it("does not send on the Enter that ends a word in an input method", async () => {
    await composer().fill("にほん");
    const composing = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
    composer().element().dispatchEvent(new KeyboardEvent("keydown", composing));
    await expect.element(composer()).toHaveValue("にほん");
    await userEvent.keyboard("{Enter}");
    expect((await server.claim()).question).toBe("にほん");
    expect(server.calls.filter((path) => path === "runs.start")).toHaveLength(1);
  });

  it("does not send blank messages", async () => {
    await userEvent.keyboard("  {Enter}");
    await expect.element(button("Send")).toBeDisabled();
    expect(server.calls).not.toContain("runs.start");
  });

  it("does not send a message that is too long, and counts code points", async () => {
    await composer().fill("😀".repeat(2_001));
    await expect.element(page.getByText("2001 / 2000")).toBeVisible();
    await expect.element(page.getByText("1 over the limit")).toBeVisible();
    await expect.element(button("Send")).toBeDisabled();
    await userEvent.keyboard("{Enter}");
    await composer().fill("😀".repeat(2_000));
    await userEvent.keyboard("{Enter}");
    expect((await server.claim()).question).toBe("😀".repeat(2_000));
    expect(server.calls.filter((path) => path === "runs.start")).toHaveLength(1);
  });

  it("keeps a draft for each dialog, and after a reload", async () => {
    await composer().fill("half a thought");
    await dialogLink("There").click();
    await expect.element(page.getByRole("heading", { level: 1, name: "There" })).toBeVisible();
    await expect.element(composer()).toHaveValue("");
    await composer().fill("another one");
    // Both dialogs are in the cache now, so nothing but the draft changes.
    await dialogLink("Here").click();
    await expect.element(composer()).toHaveValue("half a thought");
    await dialogLink("There").click();
    await reload();
    await expect.element(composer()).toHaveValue("another one");
    await dialogLink("Here").click();
    await expect.element(composer()).toHaveValue("half a thought");
  });

  it("can be used while an answer is streaming, but sends only afterwards", async () => {
    await ask("First");
    const run = await server.claim();
    run.append("Streaming");
    await expect.element(answers().getByText("Streaming")).toBeVisible();
    await composer().fill("Second");
    await userEvent.keyboard("{Enter}");
    await expect.element(composer()).toHaveValue("Second");
    run.complete();
    await expect.element(button("Send")).toBeEnabled();
    await userEvent.keyboard("{Enter}");
    expect((await server.claim()).question).toBe("Second");
    await expect.poll(() => textsOf(questions())).toEqual(["First", "Second"]);
  });

  it("stops an answer on Escape, and the partial answer stays", async () => {
    await ask("Count to a million");
    const run = await server.claim();
    run.append("One, two, three");
    await expect.element(answers().getByText("One, two, three")).toBeVisible();
    await userEvent.click(composer());
    await userEvent.keyboard("{Escape}");
    await expect.poll(() => run.append(", four")).toBe(true);
    await expect.element(button("Stopping…")).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(server.calls.filter((path) => path === "runs.cancel")).toHaveLength(1);
    run.release();
    await expect.element(answers().getByText("You stopped this answer.")).toBeVisible();
    await expect.element(answers().getByText(/^One, two, three/)).toBeVisible();
    await expect.element(button("Send")).toBeVisible();
    await expect.element(composer()).toHaveFocus();
  });
});
