import { beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp, reload } from "./support/open-app.tsx";
import { answers, ask, button, composer, dialogLink, log, questions, textsOf } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;
let dialogId: number;

beforeEach(async () => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("ann");
  dialogId = server.state.addDialog(server.state.signedIn.id, "Bad weather");
  await openApp(urls.dialog(dialogId));
  await expect.element(composer()).toBeVisible();
});

const storedQuestions = (): string[] =>
  (server.state.dialogs.get(dialogId)?.messages ?? [])
    .filter(({ role }) => role === "user")
    .map((each) => each.content);

describe("an unsent message", () => {
  it("is sent once when the connection is back", async () => {
    server.goOffline();
    await ask("Into the void");
    await expect.element(page.getByText("No connection to Deepbot.")).toBeVisible();
    await expect.element(log().getByText("Not sent yet.")).toBeVisible();
    server.goOnline();
    (await server.claim()).complete("And back.");
    await expect.element(answers().getByText("And back.")).toBeVisible();
    await expect.element(page.getByText("No connection to Deepbot.")).not.toBeInTheDocument();
    expect(questions().elements()).toHaveLength(1);
    expect(storedQuestions()).toEqual(["Into the void"]);
  });

  it("is sent after a reload", async () => {
    server.goOffline();
    await ask("Into the void");
    await expect.element(log().getByText("Not sent yet.")).toBeVisible();
    server.goOnline();
    await reload();
    expect((await server.claim()).question).toBe("Into the void");
    await expect.poll(() => textsOf(questions())).toEqual(["Into the void"]);
  });

  it("is stored once although the response was lost", async () => {
    server.loseNextResponse("runs.start");
    await ask("Did you hear me?");
    (await server.claim()).complete("Once.");
    await expect.element(answers().getByText("Once.")).toBeVisible();
    await expect.element(button("Send")).toBeVisible();
    expect(storedQuestions()).toEqual(["Did you hear me?"]);
    expect(questions().elements()).toHaveLength(1);
    expect(server.calls.filter((path) => path === "runs.start")).toHaveLength(2);
  });

  it("that was refused says why, and is sent again", async () => {
    server.refuseNext("runs.start", "answer_awaited");
    await ask("Too early");
    await expect.element(log().getByText("This dialog is still waiting for another answer.")).toBeVisible();
    await button("Send again").click();
    expect((await server.claim()).question).toBe("Too early");
    await expect.element(composer()).toHaveFocus();
    await expect.element(button("Send again")).not.toBeInTheDocument();
  });

  it("that was refused is discarded", async () => {
    server.refuseNext("runs.start", "answer_awaited");
    await ask("Too early");
    await button("Discard").click();
    await expect.element(questions()).not.toBeInTheDocument();
    await expect.element(composer()).toHaveFocus();
    await reload();
    await expect.element(log().getByText("Ask the first question")).toBeVisible();
    expect(storedQuestions()).toEqual([]);
  });

  it("is dropped with its dialog", async () => {
    server.refuseNext("runs.start", "answer_awaited");
    await ask("Too early");
    await expect.element(button("Discard")).toBeVisible();
    await composer().fill("a draft");
    await button("Actions for “Bad weather”").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await expect.element(page.getByText("No dialogs yet.")).toBeVisible();
    await expect.element(dialogLink("Bad weather")).not.toBeInTheDocument();
    expect(Object.keys(localStorage)).toEqual([]);
  });
});
