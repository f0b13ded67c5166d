import { isReadyFor, type Readiness, type WorkTaker } from "./notifier.ts";
import { formatOffer, parseOffer, type Entry, type NotificationPayload, type Offer } from "./payload.ts";

/** A process that has been silent for this long is not taken to be ready: some more than the time between two echoes. */
const readyForMs = 7_500;

const neverReady: WorkTaker = { readiness: () => ({ all: false, assistantIds: new Set() }), take: () => {} };

/** Offers of work between processes, each of which tells with every payload whose work it is ready for. */
export interface WorkOffers {
  readiness: () => Readiness;
  offer: (assistantId: number) => void;
  setTaker: (taker: WorkTaker) => void;
  /** Notes what another process tells about itself. */
  heard: (payload: NotificationPayload) => void;
  /** Takes or passes on an offer of another process. Returns false for entries that are no offers. */
  accept: (entry: Entry) => entry is Offer;
  close: () => void;
}

/** What another process is ready for, and when it was heard of. */
type ReadyProcess = Readiness & { heardAt: number };

/** The first process that is ready for the assistant's work; it becomes the last. Those that fell silent are removed. */
function takeNextReady(processes: Map<string, ReadyProcess>, assistantId: number): string | undefined {
  for (const [process, readiness] of processes) {
    if (performance.now() - readiness.heardAt > readyForMs) processes.delete(process);
    else if (isReadyFor(readiness, assistantId)) {
      processes.delete(process);
      processes.set(process, readiness);
      return process;
    }
  }
  return undefined;
}

export function createWorkOffers({ origin, send }: { origin: string; send: (offer: Offer) => void }): WorkOffers {
  const ready = new Map<string, ReadyProcess>();
  let taker = neverReady;
  const isReady = (assistantId: number): boolean => isReadyFor(taker.readiness(), assistantId);
  const offerToAll = (assistantId: number): void => {
    taker.take(assistantId);
    send(formatOffer({ assistantId }));
  };
  return {
    readiness: () => taker.readiness(),
    offer: (assistantId) => {
      if (isReady(assistantId)) {
        taker.take(assistantId);
        return;
      }
      const process = takeNextReady(ready, assistantId);
      if (process === undefined) offerToAll(assistantId);
      else send(formatOffer({ assistantId, process }));
    },
    setTaker: (given) => {
      taker = given;
    },
    heard: ({ origin: process, readiness }) => {
      ready.delete(process);
      const { all, assistantIds } = readiness;
      if (all || assistantIds.size > 0) ready.set(process, { all, assistantIds, heardAt: performance.now() });
    },
    accept: (entry): entry is Offer => {
      const offer = parseOffer(entry);
      if (offer === undefined) return false;
      const { assistantId, process } = offer;
      if (process === undefined || (process === origin && isReady(assistantId))) taker.take(assistantId);
      else if (process === origin) offerToAll(assistantId);
      return true;
    },
    close: () => {
      taker = neverReady;
    },
  };
}
