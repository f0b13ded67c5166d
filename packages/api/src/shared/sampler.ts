/** Occurrences that were only counted, of one kind and from one address. */
export interface Suppressed {
  kind: string;
  /** Undefined if unknown, and for the rest that was beyond all limits. */
  address: string | undefined;
  count: number;
}

/** Keeps the first occurrences of each kind from each address in a time window, and counts the others. */
export interface Sampler {
  /** Whether to keep this one. */
  admit: (kind: string, address: string | undefined) => boolean;
  /** Ends the window early and reports its counts. */
  flush: () => void;
}

export interface SamplerOptions {
  windowMs: number;
  /** Kept in a window, of one kind and from one address. */
  perKind: number;
  /** Kept in a window, of everything together. Bounds the memory too: as many kinds are told apart. */
  total: number;
  /** Called at the end of a window, once for each kind and address that was not kept whole. */
  onSuppressed: (suppressed: Suppressed) => void;
}

export function createSampler({ windowMs, perKind, total, onSuppressed }: SamplerOptions): Sampler {
  let counts = new Map<string, { kind: string; address: string | undefined; seen: number; kept: number }>();
  let keptInAll = 0;
  let rest = 0;

  const flush = (): void => {
    const ended = counts;
    counts = new Map();
    keptInAll = 0;
    for (const { kind, address, seen, kept } of ended.values()) {
      if (seen > kept) onSuppressed({ kind, address, count: seen - kept });
    }
    if (rest > 0) onSuppressed({ kind: "other", address: undefined, count: rest });
    rest = 0;
  };
  setInterval(flush, windowMs).unref();

  return {
    admit: (kind, address) => {
      const key = `${kind} ${address}`;
      let entry = counts.get(key);
      if (entry === undefined) {
        if (counts.size >= total) {
          rest += 1;
          return false;
        }
        entry = { kind, address, seen: 0, kept: 0 };
        counts.set(key, entry);
      }
      entry.seen += 1;
      if (entry.kept >= perKind || keptInAll >= total) return false;
      entry.kept += 1;
      keptInAll += 1;
      return true;
    },
    flush,
  };
}
