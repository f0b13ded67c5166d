import { mainEngine } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testAudience } from "./support/google-keys.ts";
import { createPlatform, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("what a front end is told", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { dialogsPerUser: 2, answerDeadlineMs: 90_000 });
  });
  afterAll(() => platform.close());

  it("needs no session, and names the limits that are held", async () => {
    const config = await platform.as().config.get();
    expect(config).toMatchObject({
      sign_in: "google",
      google_client_id: testAudience,
      dialogs_per_user: 2,
      answer_deadline_ms: 90_000,
      message_page_max: 200,
    });
    const ann = await platform.person();
    const create = (length: number) => refusalOf(ann.dialogs.create({ dialog_name: "x".repeat(length) }));
    expect(await create(config.dialog_name_min - 1)).toBe("invalid_input");
    expect(await create(config.dialog_name_max + 1)).toBe("invalid_input");
    expect(await create(config.dialog_name_min)).toBe("answered");
    expect(await create(config.dialog_name_max)).toBe("answered");
    expect(await create(config.dialog_name_max)).toBe("dialog_limit");
    const [dialog] = (await ann.dialogs.list()).dialogs;
    const ask = (length: number) =>
      refusalOf(ann.runs.start({ dialog_id: dialog?.dialog_id ?? 0, text_user: "x".repeat(length) }));
    expect(await ask(config.question_min - 1)).toBe("invalid_input");
    expect(await ask(config.question_max + 1)).toBe("invalid_input");
    expect(await ask(config.question_max)).toBe("answered");
  });
});
