import { beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { ask, button, composer, dialogLink, log, questions, signIn, signInHeading, textsOf } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;
let dialogId: number;

beforeEach(async () => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("ann");
  dialogId = server.state.addDialog(server.state.signedIn.id, "Ann's own", ["Ann's question", "Ann's answer"]);
  await openApp(urls.dialog(dialogId));
  await expect.element(log().getByText("Ann's answer")).toBeVisible();
});

async function leaveDraftAndUnsentMessage(): Promise<void> {
  server.refuseNext("runs.start", "answer_awaited");
  await ask("Ann's unsent message");
  await expect.element(button("Discard")).toBeVisible();
  await composer().fill("Ann's draft");
  expect(JSON.stringify(localStorage)).toContain("Ann's unsent message");
  expect(JSON.stringify(localStorage)).toContain("Ann's draft");
}

async function signOut(): Promise<void> {
  await button("Sign out").click();
  await expect.element(signInHeading()).toBeVisible();
}

describe("signing out", () => {
  it("removes drafts and unsent messages from the storage, but not the theme", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("radio", { name: "Dark" }).click();
    await dialogLink("Ann's own").click();
    await leaveDraftAndUnsentMessage();
    await signOut();
    expect(Object.keys(localStorage)).toEqual(["deepbot.theme"]);
  });

  it("removes drafts and unsent messages from memory", async () => {
    await leaveDraftAndUnsentMessage();
    await signOut();
    await signIn("ann");
    await dialogLink("Ann's own").click();
    await expect.element(log().getByText("Ann's answer")).toBeVisible();
    await expect.poll(() => textsOf(questions())).toEqual(["Ann's question"]);
    await expect.element(composer()).toHaveValue("");
  });

  it("does not send a message again that was in flight", async () => {
    const release = server.hold("runs.start");
    await ask("Ann's unsent message");
    await expect.element(log().getByText("Sending…")).toBeVisible();
    await signOut();
    release();
    await signIn("ann");
    await dialogLink("Ann's own").click();
    await expect.element(log().getByText("Ann's answer")).toBeVisible();
    await expect.poll(() => textsOf(questions())).toEqual(["Ann's question"]);
    expect(server.calls.filter((path) => path === "runs.start")).toHaveLength(1);
  });

  it("hides a person's data from the next one, even while the server is slow", async () => {
    await signOut();
    const release = server.hold("dialogs.list");
    await signIn("bob");
    await expect.element(page.getByText("bob@example.com")).toBeVisible();
    expect(document.body.textContent).not.toContain("Ann's");
    release();
    await expect.element(page.getByText("No dialogs yet.")).toBeVisible();
  });

  it("removes nothing if the server cannot be reached", async () => {
    await composer().fill("Ann's draft");
    server.goOffline();
    await button("Sign out").click();
    await expect.element(page.getByText("Can’t reach Deepbot.").first()).toBeVisible();
    await expect.element(composer()).toHaveValue("Ann's draft");
    expect(JSON.stringify(localStorage)).toContain("Ann's draft");
  });

  it("in another tab removes the unsent message from this one", async () => {
    await leaveDraftAndUnsentMessage();
    await announceSignOut();
    await expect.element(signInHeading()).toBeVisible();
    await signIn("ann");
    await dialogLink("Ann's own").click();
    await expect.element(log().getByText("Ann's answer")).toBeVisible();
    await expect.poll(() => textsOf(questions())).toEqual(["Ann's question"]);
  });
});

/** Does what the page of another tab does when a person signs out there. */
async function announceSignOut(): Promise<void> {
  localStorage.clear();
  server.state.signedIn = null;
  const otherTab = new BroadcastChannel("deepbot");
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A broadcast channel has no target.
  otherTab.postMessage("signed_out");
  otherTab.close();
}

describe("a session that was ended elsewhere", () => {
  it("keeps the draft and the page for the person who signs in again", async () => {
    await composer().fill("a long thought");
    server.state.signedIn = null;
    await page.getByRole("link", { name: "Settings" }).click();
    await expect
      .element(page.getByText("Your session has ended. Sign in again. Your draft has been saved."))
      .toBeVisible();
    await signIn("ann");
    await expect.element(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
    await dialogLink("Ann's own").click();
    await expect.element(composer()).toHaveValue("a long thought");
  });

  it("keeps a message that it refused, and sends it after the next sign-in", async () => {
    server.state.signedIn = null;
    await ask("Anybody there?");
    await expect.element(signInHeading()).toBeVisible();
    await signIn("ann");
    expect((await server.claim()).question).toBe("Anybody there?");
  });

  it("hides a person's messages from the next one, even while the server is slow", async () => {
    server.state.signedIn = null;
    await ask("Anybody there?");
    await expect.element(signInHeading()).toBeVisible();
    const release = server.hold("messages.list");
    await signIn("bob");
    await expect.element(page.getByText("bob@example.com")).toBeVisible();
    await expect.element(log()).not.toBeInTheDocument();
    expect(document.body.textContent).not.toContain("Ann's");
    release();
    await expect.element(page.getByText("This dialog doesn’t exist or has been deleted.")).toBeVisible();
  });
});
