import { beforeEach, describe, expect, it } from "vitest";
import { page, userEvent, type Locator } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp, reload } from "./support/open-app.tsx";
import { ask, button, chooseAction, composer, dialogLink, log, signIn } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;
let userId: number;

beforeEach(() => {
  server = startStandInServer();
  userId = (server.state.signedIn = server.state.user("bea")).id;
});

const nameField = (): Locator => page.getByRole("navigation").getByRole("textbox", { name: "Dialog name" });

describe("dialogs", () => {
  it("are created on the start page", async () => {
    server.state.signedIn = null;
    await openApp();
    await signIn("bea");
    await expect.element(page.getByRole("heading", { name: "What would you like to talk about?" })).toBeVisible();
    await page.getByRole("main").getByRole("textbox", { name: "Dialog name" }).fill("First of all");
    await page.getByRole("main").getByRole("button", { name: "Create" }).click();
    await expect.element(composer()).toHaveFocus();
    await expect.element(dialogLink("First of all")).toHaveAttribute("aria-current", "page");
    await expect.element(page.getByText("1 of 5 dialogs")).toBeVisible();
    expect(document.title).toBe("First of all · Deepbot");
  });

  it("are announced to the other tabs of the browser, and so is each message", async () => {
    const heard: unknown[] = [];
    const otherTab = new BroadcastChannel("deepbot");
    otherTab.addEventListener("message", ({ data }) => heard.push(data));
    await openApp(urls.dialog(server.state.addDialog(userId, "Here")));
    await button("New dialog").click();
    await nameField().fill("There");
    await userEvent.keyboard("{Enter}");
    await expect.poll(() => heard).toEqual(["changed"]);
    await ask("Hello?");
    await expect.poll(() => heard).toEqual(["changed", "changed"]);
    otherTab.close();
  });

  it("are limited to five: the sixth is refused and the reason is shown", async () => {
    for (const name of ["First", "Second", "Third", "Fourth"]) server.state.addDialog(userId, name);
    await openApp();
    await expect.element(page.getByText("4 of 5 dialogs")).toBeVisible();
    await button("New dialog").click();
    await nameField().fill("Sixth");
    server.state.addDialog(userId, "Fifth");
    await userEvent.keyboard("{Enter}");
    await expect.element(page.getByText("You’ve reached the dialog limit. Delete a dialog first.")).toBeVisible();
    await userEvent.keyboard("{Escape}");
    const hint = page.getByRole("navigation").getByText("You’ve reached the limit of 5 dialogs.");
    await expect.element(hint).toBeVisible();
    await expect.element(button("New dialog")).toBeDisabled();
    await expect.element(dialogLink("Fifth")).toBeVisible();
    await expect.element(dialogLink("Sixth")).not.toBeInTheDocument();
  });

  it.each([
    { name: "ab", text: "Use at least 3 characters." },
    { name: "x".repeat(21), text: "Use at most 20 characters." },
  ])("are not created with the name $name", async ({ name, text }) => {
    await openApp();
    await button("New dialog").click();
    await nameField().fill(name);
    await expect.element(page.getByText(text)).toBeVisible();
    await userEvent.keyboard("{Enter}");
    expect(server.calls).not.toContain("dialogs.create");
  });

  it("are renamed in place", async () => {
    await openApp(urls.dialog(server.state.addDialog(userId, "Old name")));
    await chooseAction("Old name", "Rename");
    await expect.element(nameField()).toHaveValue("Old name");
    await nameField().fill("New name");
    await userEvent.keyboard("{Enter}");
    await expect.element(dialogLink("New name")).toBeVisible();
    await expect.element(page.getByRole("heading", { level: 1, name: "New name" })).toBeVisible();
    await reload();
    await expect.element(dialogLink("New name")).toBeVisible();
    await expect.element(dialogLink("Old name")).not.toBeInTheDocument();
  });

  it("are deleted only after a confirmation", async () => {
    const dialogId = server.state.addDialog(userId, "Short lived");
    await openApp(urls.dialog(dialogId));
    const confirmation = page.getByRole("alertdialog", { name: "Delete “Short lived”?" });
    await chooseAction("Short lived", "Delete");
    await confirmation.getByRole("button", { name: "Cancel" }).click();
    await expect.element(confirmation).not.toBeInTheDocument();
    await expect.element(dialogLink("Short lived")).toBeVisible();
    await chooseAction("Short lived", "Delete");
    await confirmation.getByRole("button", { name: "Delete" }).click();
    await expect.element(page.getByText("No dialogs yet.")).toBeVisible();
    expect(location.pathname).toBe("/");
    await openApp(urls.dialog(dialogId));
    await expect.element(page.getByText("This dialog doesn’t exist or has been deleted.")).toBeVisible();
  });

  it("are shown in Russian after the person chooses it, and after a reload", async () => {
    const dialogId = server.state.addDialog(userId, "Any name");
    await openApp(urls.dialog(dialogId));
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("radio", { name: "Русский" }).click();
    await expect.element(page.getByRole("heading", { level: 1, name: "Настройки" })).toBeVisible();
    await reload();
    await expect.element(page.getByRole("heading", { level: 1, name: "Настройки" })).toBeVisible();
    expect(document.documentElement.lang).toBe("ru");
    await page.getByRole("navigation", { name: "Диалоги" }).getByRole("link", { name: "Any name" }).click();
    await page.getByRole("textbox", { name: "Ваше сообщение" }).fill("Здравствуй");
    await page.getByRole("button", { name: "Отправить" }).click();
    (await server.claim()).fail("Модель занята.");
    await expect.element(log().getByText("Модель занята.")).toBeVisible();
  });
});
