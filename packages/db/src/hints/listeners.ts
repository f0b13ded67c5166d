/** Callbacks by key. A callback may end its own or another subscription while it runs. */
export interface Listeners<Key> {
  add: (key: Key, callback: () => void) => () => void;
  call: (key: Key) => void;
}

export function createListeners<Key>(): Listeners<Key> {
  const byKey = new Map<Key, Set<() => void>>();
  return {
    add: (key, callback) => {
      const entry = (): void => callback();
      const set = byKey.get(key) ?? new Set();
      byKey.set(key, set.add(entry));
      return () => {
        set.delete(entry);
        if (set.size === 0 && byKey.get(key) === set) byKey.delete(key);
      };
    },
    call: (key) => {
      for (const callback of Array.from(byKey.get(key) ?? [])) callback();
    },
  };
}
