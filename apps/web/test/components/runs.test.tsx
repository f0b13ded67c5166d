import { beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { urls } from "../../src/app/routes.ts";
import { openApp, reload } from "./support/open-app.tsx";
import { answers, ask, button, composer, log, questions, textsOf } from "./support/screen.ts";
import { startStandInServer, type ClaimedRun, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;
let dialogId: number;

beforeEach(async () => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("ann");
  dialogId = server.state.addDialog(server.state.signedIn.id, "Travel plans");
  await openApp(urls.dialog(dialogId));
});

async function askAndClaim(text: string): Promise<ClaimedRun> {
  await ask(text);
  return server.claim();
}

describe("a run", () => {
  it("waits in the queue, and says whether an assistant is there and which place it has", async () => {
    await ask("Where shall I go?");
    await expect.element(log().getByText("Waiting for an assistant…")).toBeVisible();
    await server.tellPlace({ online: false, position: 3 });
    await expect.element(log().getByText("No assistant is online; your question is number 3 in line.")).toBeVisible();
    await server.tellPlace({ online: true, position: 2 });
    await expect.element(log().getByText("Waiting for an assistant; your question is number 2 in line.")).toBeVisible();
  });

  it("shows each delta as it arrives", async () => {
    const run = await askAndClaim("Where shall I go?");
    await expect.element(log().getByText("Thinking…")).toBeVisible();
    let text = "";
    for (const delta of ["To the sea,", " then to the hills,", " and home."]) {
      text += delta;
      run.append(delta);
      await expect.element(answers().getByText(text)).toBeVisible();
      await expect.element(button("Stop")).toBeVisible();
    }
    await expect.element(log().getByText("Answering…")).toBeVisible();
    run.complete();
    await expect.element(button("Send")).toBeVisible();
    expect(textsOf(answers())).toEqual([text]);
    await expect.element(page.getByRole("status").getByText(`Answer: ${text}`)).toBeInTheDocument();
  });

  it("that had ended when the page was opened is not announced", async () => {
    (await askAndClaim("Where shall I go?")).complete("To the sea.");
    await expect.element(page.getByRole("status").getByText("Answer: To the sea.")).toBeInTheDocument();
    await reload();
    await expect.element(answers().getByText("To the sea.")).toBeVisible();
    await expect.element(page.getByRole("status").getByText("Answer: To the sea.")).not.toBeInTheDocument();
  });

  it("starts over when another worker takes it", async () => {
    const first = await askAndClaim("Where shall I go?");
    first.append("To the desert");
    await expect.element(answers().getByText("To the desert")).toBeVisible();
    first.release();
    const second = await server.claim();
    await expect.element(log().getByText("Another assistant is starting over…")).toBeVisible();
    await expect.element(answers()).not.toBeInTheDocument();
    second.append("To the sea");
    await expect.element(answers().getByText("To the sea")).toBeVisible();
  });

  it("continues after a reload", async () => {
    const run = await askAndClaim("Tell me a story");
    run.append("Once upon a time");
    await expect.element(answers().getByText("Once upon a time")).toBeVisible();
    await reload();
    await expect.element(answers().getByText("Once upon a time")).toBeVisible();
    run.append(" there was a bot.");
    await expect.element(answers().getByText("Once upon a time there was a bot.")).toBeVisible();
    run.complete();
    await expect.element(button("Send")).toBeVisible();
    expect(answers().elements()).toHaveLength(1);
  });

  it("gets a snapshot after a delta was lost", async () => {
    const run = await askAndClaim("Count to six");
    run.append("one two ");
    await expect.element(answers().getByText("one two")).toBeVisible();
    run.loseDelta("three four ");
    run.append("five six");
    await expect.element(answers().getByText("one two three four five six")).toBeVisible();
  });

  it("says that the connection was lost, and continues when it is back", async () => {
    const run = await askAndClaim("Tell me slowly");
    run.append("At first");
    await expect.element(answers().getByText("At first")).toBeVisible();
    server.goOffline();
    await expect.element(log().getByText("Connection lost. The answer will continue")).toBeVisible();
    await expect.element(page.getByText("No connection to Deepbot.")).toBeVisible();
    await composer().fill("a draft meanwhile");
    run.append(", and then");
    server.goOnline();
    await expect.element(answers().getByText("At first, and then")).toBeVisible();
    await expect.element(page.getByText("No connection to Deepbot.")).not.toBeInTheDocument();
    run.complete();
    await expect.element(button("Send")).toBeVisible();
    expect(textsOf(answers())).toEqual(["At first, and then"]);
    await expect.element(composer()).toHaveValue("a draft meanwhile");
  });

  it("that failed shows the reason, and is asked again", async () => {
    (await askAndClaim("What is love?")).fail("The model is overloaded.");
    await expect.element(log().getByText("The model is overloaded.")).toBeVisible();
    await button("Try again").click();
    const run = await server.claim();
    expect(run.question).toBe("What is love?");
    await expect.element(composer()).toHaveFocus();
    run.complete("Baby, don't hurt me.");
    await expect.element(answers().getByText("Baby, don't hurt me.")).toBeVisible();
    await expect.element(log().getByText("The model is overloaded.")).not.toBeInTheDocument();
    expect(questions().elements()).toHaveLength(1);
  });

  it("that failed says why it cannot be asked again", async () => {
    (await askAndClaim("What is love?")).fail("The model is overloaded.");
    server.refuseNext("runs.retry", "run_not_retryable");
    await button("Try again").click();
    await expect.element(log().getByText("You can only retry the last question")).toBeVisible();
  });

  it("that was stopped in the queue can be asked again", async () => {
    await ask("Never mind");
    await button("Stop").click();
    await expect.element(log().getByText("You stopped this question before an answer arrived.")).toBeVisible();
    await button("Try again").click();
    expect((await server.claim()).question).toBe("Never mind");
  });

  it("that cannot be stopped says so, and the answer goes on", async () => {
    const run = await askAndClaim("Go on");
    server.refuseNext("runs.cancel", "database_unavailable");
    await button("Stop").click();
    await expect
      .element(page.getByText("Deepbot is unavailable right now. Please try again in a moment.").first())
      .toBeVisible();
    run.append("On and on");
    await expect.element(answers().getByText("On and on")).toBeVisible();
    await expect.element(button("Stop")).toBeVisible();
  });

  it.each([
    { state: "expired" as const, text: "No answer arrived in time." },
    { state: "failed" as const, text: "The assistant couldn’t answer." },
  ])("that is $state says so", async ({ state, text }) => {
    await ask("Hello?");
    await expect.element(log().getByText("Waiting for an assistant…")).toBeVisible();
    const [run] = server.state.runs.values();
    if (run === undefined) throw new Error("Nothing was asked.");
    server.state.end(run, state, {});
    await expect.element(log().getByText(text)).toBeVisible();
  });
});
