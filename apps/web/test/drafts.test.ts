import { describe, expect, it } from "vitest";
import { clearDrafts, readDraft, readOutgoing, writeDraft, writeOutgoing } from "../src/features/chat/unsent/drafts.ts";
import { createTextStorage } from "../src/lib/storage.ts";
import { memoryStorage } from "./support/memory-storage.ts";

const key = { userId: 1, dialogId: 2 };
const outgoing = { clientMessageId: "id", text: "y" };

describe("drafts", () => {
  it("belong to a person and a dialog", () => {
    const storage = memoryStorage();
    writeDraft(storage, key, "half a sent");
    expect(readDraft(storage, key)).toBe("half a sent");
    expect(readDraft(storage, { ...key, dialogId: 3 })).toBe("");
    expect(readDraft(storage, { ...key, userId: 3 })).toBe("");
  });

  it("are removed from the storage when they are empty", () => {
    const storage = memoryStorage();
    writeDraft(storage, key, "x");
    writeDraft(storage, key, "");
    expect(storage.keys()).toEqual([]);
  });
});

describe("an outgoing message", () => {
  it("belongs to a person and a dialog, until it is removed", () => {
    const storage = memoryStorage();
    writeOutgoing(storage, key, outgoing);
    expect(readOutgoing(storage, key)).toEqual(outgoing);
    expect(readOutgoing(storage, { ...key, dialogId: 3 })).toBeNull();
    expect(readOutgoing(storage, { ...key, userId: 3 })).toBeNull();
    writeOutgoing(storage, key, null);
    expect(storage.keys()).toEqual([]);
  });

  it.each(["", "{", "[]", "null", `{"clientMessageId": 1, "text": "x"}`, `{"text": "x"}`, `{"clientMessageId": "x"}`])(
    "is not read from a value that something else stored: %j",
    (stored) => {
      expect(readOutgoing(memoryStorage({ "outgoing.1.2": stored }), key)).toBeNull();
    },
  );
});

describe("clearing drafts", () => {
  it("removes drafts and outgoing messages of one dialog, or all of them, and nothing else", () => {
    const storage = memoryStorage({ theme: "dark" });
    for (const each of [key, { ...key, dialogId: 3 }, { ...key, userId: 4 }]) {
      writeDraft(storage, each, "x");
      writeOutgoing(storage, each, outgoing);
    }
    clearDrafts(storage, key);
    expect(storage.keys().toSorted()).toEqual(["draft.1.3", "draft.4.2", "outgoing.1.3", "outgoing.4.2", "theme"]);
    clearDrafts(storage);
    expect(storage.keys()).toEqual(["theme"]);
  });
});

describe("the browser's storage", () => {
  it("may be forbidden: nothing is stored, and nothing throws", () => {
    const storage = createTextStorage(() => {
      throw new Error("SecurityError");
    });
    storage.write("theme", "dark");
    expect(storage.read("theme")).toBeNull();
    expect(storage.keys()).toEqual([]);
    expect(() => storage.remove("theme")).not.toThrow();
  });
});
