/** Requests to receivers that may be under way in this process, in all and to one host. */
export interface HostSlots {
  /** @returns the function that frees the slot */
  take: (host: string) => () => void;
  hasRoom: (host: string) => boolean;
  /** How many more may begin, to whatever hosts. */
  room: () => number;
  /** The host of each request that is under way. */
  busy: () => string[];
}

/** The host of a URL, with its port. */
export const hostOf = (url: string): string => new URL(url).host;

export function createHostSlots({ perHost, total }: { perHost: number; total: number }): HostSlots {
  const counts = new Map<string, number>();
  let taken = 0;
  return {
    take: (host) => {
      counts.set(host, (counts.get(host) ?? 0) + 1);
      taken += 1;
      return () => {
        taken -= 1;
        const left = (counts.get(host) ?? 1) - 1;
        if (left === 0) counts.delete(host);
        else counts.set(host, left);
      };
    },
    hasRoom: (host) => taken < total && (counts.get(host) ?? 0) < perHost,
    room: () => total - taken,
    busy: () => [...counts].flatMap(([host, count]) => Array.from({ length: count }, () => host)),
  };
}
