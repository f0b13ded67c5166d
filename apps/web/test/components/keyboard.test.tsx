import { beforeEach, describe, expect, it } from "vitest";
import { page, userEvent, type Locator } from "vitest/browser";
import { openApp, reload } from "./support/open-app.tsx";
import { answers, button, composer, dialogLink, log } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(async () => {
  server = startStandInServer();
  await openApp();
});

const press = (keys: string): Promise<void> => userEvent.keyboard(keys);

const isMarked = (element: Element | null): boolean =>
  element !== null && getComputedStyle(element).outlineStyle !== "none";

function expectVisibleFocus(): void {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return;
  const isVisible = isMarked(focused) || isMarked(focused.parentElement);
  expect(isVisible, `the focus is visible on ${focused.outerHTML.slice(0, 200)}`).toBe(true);
}

/** Presses Tab until the element has the focus. The focus must be visible on every step. */
async function tabTo(target: Locator, { shift = false } = {}): Promise<void> {
  for (let step = 0; step < 40; step += 1) {
    await userEvent.tab({ shift });
    expectVisibleFocus();
    if (target.query() === document.activeElement) return;
  }
  throw new Error(`Tab never reached ${target.selector}.`);
}

const expectFocusKept = (): Promise<void> => expect.poll(() => document.activeElement).not.toBe(document.body);

const nameFieldIn = (role: "main" | "navigation"): Locator =>
  page.getByRole(role).getByRole("textbox", { name: "Dialog name" });

async function startDialog(name: string): Promise<void> {
  await expect.element(page.getByLabelText("Your name")).toHaveFocus();
  await press("nora{Enter}");
  await expect.element(nameFieldIn("main")).toHaveFocus();
  await press(`${name}{Enter}`);
  await expect.element(composer()).toHaveFocus();
}

describe("with the keyboard alone", () => {
  it("a person signs in, starts a dialog, asks, stops and retries", async () => {
    await startDialog("By hand");
    await press("A long one{Enter}");
    const run = await server.claim();
    run.append("It begins");
    await expect.element(answers().getByText("It begins")).toBeVisible();
    await expect.element(composer()).toHaveFocus();
    await press("{Escape}");
    await expect.poll(() => run.append(" and")).toBe(true);
    run.release();
    await expect.element(answers().getByText("You stopped this answer.")).toBeVisible();
    await expect.element(composer()).toHaveFocus();

    await tabTo(button("Try again"), { shift: true });
    await press("{Enter}");
    const second = await server.claim();
    second.append("Again");
    await expect.element(answers().getByText("Again")).toBeVisible();
    await expectFocusKept();
    await tabTo(button("Stop"));
    await press(" ");
    await expect.poll(() => second.append(".")).toBe(true);
    second.release();
    await expect.element(button("Send")).toBeVisible();
    await expectFocusKept();
  });

  it("a person renames and deletes a dialog", async () => {
    await startDialog("By hand");
    await tabTo(button("Actions for “By hand”"), { shift: true });
    await press("{Enter}");
    await expect.element(page.getByRole("menuitem", { name: "Rename" })).toHaveFocus();
    await press("{Enter}");
    await expect.element(nameFieldIn("navigation")).toHaveFocus();
    await press("By heart{Enter}");
    await expect.element(dialogLink("By heart")).toHaveFocus();

    await tabTo(button("Actions for “By heart”"));
    await press("{ArrowDown}");
    await expect.element(page.getByRole("menuitem", { name: "Rename" })).toHaveFocus();
    await press("{ArrowDown}{Enter}");
    await expect.element(page.getByRole("alertdialog").getByRole("button", { name: "Cancel" })).toHaveFocus();
    await press("{Escape}");
    await expect.element(page.getByRole("alertdialog")).not.toBeInTheDocument();
    await expect.element(button("Actions for “By heart”")).toHaveFocus();

    await press("{Enter}");
    await expect.element(page.getByRole("menuitem", { name: "Rename" })).toHaveFocus();
    await press("{ArrowDown}{Enter}");
    await tabTo(page.getByRole("alertdialog").getByRole("button", { name: "Delete" }));
    await press("{Enter}");
    await expect.element(page.getByText("No dialogs yet.")).toBeVisible();
    await expectFocusKept();
  });

  it("a person scrolls the messages, and skips the list of dialogs", async () => {
    await startDialog("To read");
    await press("A long text{Enter}");
    (await server.claim()).complete(Array.from({ length: 80 }, (_, index) => `Line ${index + 1}`).join("\n\n"));
    await expect.element(answers().getByText("Line 80")).toBeInViewport();
    await tabTo(log(), { shift: true });
    const end = log().element().scrollTop;
    await press("{PageUp}");
    await expect.poll(() => log().element().scrollTop).toBeLessThan(end);
    await reload();
    await expect.element(composer()).toHaveFocus();
    await tabTo(page.getByRole("link", { name: "Skip to the conversation" }), { shift: true });
    await press("{Enter}");
    await expect.element(page.getByRole("main")).toHaveFocus();
  });
});
