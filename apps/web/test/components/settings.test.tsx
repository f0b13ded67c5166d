import { beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { button, signInHeading } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(async () => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("edda");
  server.state.addDevices();
  await openApp(urls.settings());
});

describe("settings", () => {
  it("sign another device out", async () => {
    const devices = page.getByRole("region", { name: "Devices" });
    await expect.poll(() => devices.getByRole("listitem").elements().length).toBe(2);
    await button("Sign out of Firefox, Android").click();
    await expect.element(page.getByText("The device has been signed out.").first()).toBeVisible();
    await expect.poll(() => devices.getByRole("listitem").elements().length).toBe(1);
    await expect.element(devices.getByText("This device")).toBeVisible();
  });

  it("sign all devices out, after a confirmation", async () => {
    await button("Sign out everywhere").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await expect.element(signInHeading()).toBeVisible();
    expect(location.pathname).toBe("/");
  });

  it("delete the account only after its e-mail address was typed", async () => {
    await button("Delete account").click();
    const confirmation = page.getByRole("alertdialog", { name: "Delete your account?" });
    const field = confirmation.getByRole("textbox", { name: "Type edda@example.com to confirm" });
    await field.fill("edda@example.org");
    await expect.element(confirmation.getByRole("button", { name: "Delete permanently" })).toBeDisabled();
    await field.fill("edda@example.com");
    await confirmation.getByRole("button", { name: "Delete permanently" }).click();
    await expect.element(signInHeading()).toBeVisible();
    expect(server.state.users.has("edda")).toBe(false);
  });

  it("say why the data cannot be exported", async () => {
    await button("Download my data").click();
    await expect.element(page.getByText("Your data is already being prepared.")).toBeVisible();
  });

  it("offer to sign in again where the server wants a recent sign-in, and then export", async () => {
    server.refuseNext("account.export", "sign_in_again");
    await button("Download my data").click();
    const data = page.getByRole("region", { name: "Your data" });
    await expect.element(data.getByText("Sign in again to confirm")).toBeVisible();
    await data.getByLabelText("Your name").fill("edda");
    await data.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(() => data.getByRole("alert").elements().length).toBe(0);
    expect(location.pathname).toBe(urls.settings());
    await button("Download my data").click();
    await expect.element(page.getByText("Your data is already being prepared.")).toBeVisible();
  });

  it("close the confirmation of a deletion that wants a recent sign-in", async () => {
    server.refuseNext("account.delete", "sign_in_again");
    await button("Delete account").click();
    const confirmation = page.getByRole("alertdialog", { name: "Delete your account?" });
    await confirmation.getByRole("textbox").fill("edda@example.com");
    await confirmation.getByRole("button", { name: "Delete permanently" }).click();
    const account = page.getByRole("region", { name: "Account" });
    await expect.element(account.getByText("Sign in again to confirm")).toBeVisible();
    await expect.poll(() => confirmation.elements().length).toBe(0);
    expect(server.state.users.has("edda")).toBe(true);
  });

  it("keep the chosen theme", async () => {
    await page.getByRole("radio", { name: "Dark" }).click();
    await expect.element(page.getByRole("radio", { name: "Dark" })).toBeChecked();
    expect(localStorage.getItem("deepbot.theme")).toBe("dark");
  });
});
