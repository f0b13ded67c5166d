import { beforeEach, describe, expect, it } from "vitest";
import { limits } from "@deepbot/contract";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { answers, ask, button } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

let server: StandInServer;

beforeEach(async () => {
  server = startStandInServer();
  server.state.signedIn = server.state.user("ida");
  await openApp(urls.dialog(server.state.addDialog(server.state.signedIn.id, "Hostile")));
});

const ending = "Nothing happened.";

describe("an answer of the maximum length", () => {
  // Each takes a Markdown parser minutes, or its whole stack.
  it.each(["[", "a*", "> ", "1. "])("does not block the page by repeating %j", async (unit) => {
    await ask("Do your worst");
    const run = await server.claim();
    const text = unit.repeat(Math.floor((limits.answerMaxBytes - 100) / unit.length));
    for (const delta of text.match(/[^]{1,8000}/g) ?? []) run.append(delta);
    run.append(`\n\n${ending}`);
    await expect.element(answers().getByText(ending)).toBeInTheDocument();
    run.complete();
    await expect.element(button("Send")).toBeVisible();
    await ask("Still there?");
    (await server.claim()).complete("Yes, still here.");
    await expect.element(answers().getByText("Yes, still here.")).toBeVisible();
  });
});
