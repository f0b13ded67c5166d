import type { WorkTaker } from "./notifier.ts";
import type { Entry, NotificationPayload, Offer } from "./payload.ts";

/** A process that has been silent for this long is not taken to be ready: some more than the time between two echoes. */
const readyForMs = 7_500;

/** Offers of work between processes, each of which tells with every payload whether it is ready. */
export interface WorkOffers {
  isReady: () => boolean;
  offer: () => void;
  setTaker: (taker: WorkTaker) => void;
  /** Notes what another process tells about itself. */
  heard: (payload: NotificationPayload) => void;
  /** Takes or passes on an offer of another process. Returns false for entries that are no offers. */
  accept: (entry: Entry) => entry is Offer;
  close: () => void;
}

function isOffer(entry: Entry): entry is Offer {
  return entry.startsWith("queue");
}

export function createWorkOffers({ origin, send }: { origin: string; send: (offer: Offer) => void }): WorkOffers {
  /** When each other process that is ready was heard of last; the next to get an offer comes first. */
  const ready = new Map<string, number>();
  let taker: WorkTaker = { isReady: () => false, take: () => {} };
  const isReady = (): boolean => taker.isReady();

  const nextReady = (): string | undefined => {
    for (const [process, heardAt] of ready) {
      ready.delete(process);
      if (performance.now() - heardAt > readyForMs) continue;
      ready.set(process, heardAt);
      return process;
    }
    return undefined;
  };
  const offerToAll = (): void => {
    taker.take();
    send("queue");
  };
  return {
    isReady,
    offer: () => {
      if (isReady()) {
        taker.take();
        return;
      }
      const process = nextReady();
      if (process === undefined) offerToAll();
      else send(`queue@${process}`);
    },
    setTaker: (given) => {
      taker = given;
    },
    heard: (payload) => {
      ready.delete(payload.origin);
      if (payload.isReady) ready.set(payload.origin, performance.now());
    },
    accept: (entry): entry is Offer => {
      if (!isOffer(entry)) return false;
      if (entry === "queue") taker.take();
      else if (entry === `queue@${origin}`) {
        if (isReady()) taker.take();
        else offerToAll();
      }
      return true;
    },
    close: () => {
      taker = { isReady: () => false, take: () => {} };
    },
  };
}
