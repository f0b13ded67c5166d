/** Texts that outlive the page. */
export interface TextStorage {
  read: (key: string) => string | null;
  write: (key: string, text: string) => void;
  remove: (key: string) => void;
  keys: () => string[];
}

const prefix = "deepbot.";

/**
 * The browser's storage, as far as it lets us: in a private window, or when it is full, nothing is kept and the page
 * works all the same.
 */
export function createTextStorage(open: () => Storage): TextStorage {
  const attempt = <Result>(use: (storage: Storage) => Result, otherwise: Result): Result => {
    try {
      return use(open());
    } catch {
      return otherwise;
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
