import { describe, expect, it } from "vitest";
import { forgetTexts, readDraft, readOutgoing, writeDraft, writeOutgoing } from "../src/features/chat/kept-texts.ts";
import { createTextStorage } from "../src/lib/storage.ts";
import { memoryStorage } from "./support/memory-storage.ts";

const key = { userId: 1, dialogId: 2 };

describe("drafts", () => {
  it("are kept for each person and dialog", () => {
    const storage = memoryStorage();
    writeDraft(storage, key, "half a sent");
    expect(readDraft(storage, key)).toBe("half a sent");
    expect(readDraft(storage, { ...key, dialogId: 3 })).toBe("");
    expect(readDraft(storage, { ...key, userId: 3 })).toBe("");
  });

  it("leave nothing behind when they are empty", () => {
    const storage = memoryStorage();
    writeDraft(storage, key, "x");
    writeDraft(storage, key, "");
    expect(storage.keys()).toEqual([]);
  });
});

describe("kept texts", () => {
  it.each(["", "{", "[]", "null", `{"clientMessageId": 1, "text": "x"}`, `{"text": "x"}`])(
    "are not made of what somebody else has stored: %j",
    (stored) => {
      expect(readOutgoing(memoryStorage({ "outgoing.1.2": stored }), key)).toBeNull();
    },
  );

  it("are forgotten for one dialog, or for all, and nothing else is", () => {
    const storage = memoryStorage({ theme: "dark", "draft.1.3": "other" });
    writeDraft(storage, key, "x");
    writeOutgoing(storage, key, { clientMessageId: "id", text: "y" });
    forgetTexts(storage, key);
    expect(storage.keys().toSorted()).toEqual(["draft.1.3", "theme"]);
    forgetTexts(storage);
    expect(storage.keys()).toEqual(["theme"]);
  });
});

describe("the browser's storage", () => {
  it("may be closed to us", () => {
    const storage = createTextStorage(() => {
      throw new Error("SecurityError");
    });
    storage.write("theme", "dark");
    expect(storage.read("theme")).toBeNull();
    expect(storage.keys()).toEqual([]);
    expect(() => storage.remove("theme")).not.toThrow();
  });
});
