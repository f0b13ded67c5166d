import type { TextStorage } from "../../src/lib/storage.ts";

export function memoryStorage(texts: Record<string, string> = {}): TextStorage {
  const stored = new Map(Object.entries(texts));
  return {
    read: (key) => stored.get(key) ?? null,
    write: (key, text) => void stored.set(key, text),
    remove: (key) => void stored.delete(key),
    keys: () => [...stored.keys()],
  };
}
