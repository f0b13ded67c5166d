import { beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { button } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(() => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("edda");
});

const section = () => page.getByRole("region", { name: "Personal tokens" });

describe("personal tokens", () => {
  it("are shown once when they are made, and listed by name from then on", async () => {
    await openApp(urls.settings());
    await expect.element(button("Create token")).toBeDisabled();
    await section().getByLabelText("Name of a new token").fill("  Laptop script ");
    await page.getByRole("radio", { name: "A year" }).click();
    await button("Create token").click();
    const made = page.getByRole("group", { name: "New token" });
    await expect.element(made.getByText("dbp_the-token-itself")).toBeVisible();
    await expect.element(made.getByRole("button", { name: "Copy token" })).toBeVisible();
    await button("I’ve saved it").click();
    await expect.poll(() => page.getByText("dbp_the-token-itself").elements().length).toBe(0);
    const row = section().getByRole("listitem");
    await expect.element(row.getByText("Laptop script")).toBeVisible();
    await expect.element(row.getByText("Expires Jan 2, 2027")).toBeVisible();
  });

  it("end after a confirmation", async () => {
    server.state.addToken("Old script", null);
    await openApp(urls.settings());
    await button("Revoke the token “Old script”").click();
    const confirmation = page.getByRole("alertdialog", { name: "Revoke “Old script”?" });
    await confirmation.getByRole("button", { name: "Revoke" }).click();
    await expect.element(page.getByText("The token has been revoked.").first()).toBeVisible();
    expect(server.state.tokens).toEqual([]);
  });

  it("say why no more can be made, and offer to sign in again where that is needed", async () => {
    await openApp(urls.settings());
    const name = section().getByLabelText("Name of a new token");
    await name.fill("one more");
    server.refuseNext("tokens.create", "token_limit");
    await button("Create token").click();
    await expect.element(section().getByText("You’ve reached the limit of tokens.")).toBeVisible();
    server.refuseNext("tokens.create", "sign_in_again");
    await button("Create token").click();
    await expect.element(section().getByText("Sign in again to confirm")).toBeVisible();
  });
});
