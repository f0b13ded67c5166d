/** Text storage that survives a reload. */
export interface TextStorage {
  read: (key: string) => string | null;
  write: (key: string, text: string) => void;
  remove: (key: string) => void;
  keys: () => string[];
}

const prefix = "deepbot.";

/** The browser's storage. Where it is forbidden or full, nothing is stored and the page works without it. */
export function createTextStorage(open: () => Storage): TextStorage {
  const attempt = <Result>(use: (storage: Storage) => Result, fallback: Result): Result => {
    try {
      return use(open());
    } catch {
      return fallback;
    }
  };
  return {
    read: (key) => attempt((storage) => storage.getItem(prefix + key), null),
    write: (key, text) => attempt((storage) => storage.setItem(prefix + key, text), undefined),
    remove: (key) => attempt((storage) => storage.removeItem(prefix + key), undefined),
    keys: () =>
      attempt(
        (storage) =>
          Object.keys(storage)
            .filter((key) => key.startsWith(prefix))
            .map((key) => key.slice(prefix.length)),
        [],
      ),
  };
}
