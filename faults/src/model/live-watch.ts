import { until } from "@deepbot/testing";
import { openStream, type OpenStream } from "../watching/sse.ts";
import { applyEvent, createView, type View } from "../watching/watcher.ts";
import { isOpen, textOf, type ModelRun } from "./model.ts";

const patienceMs = 6_000;

/** A watcher that loses its connection and reconnects while the model goes on. */
export interface LiveWatch {
  /**
   * Reconnects to a replica with the id of the last event.
   *
   * @param run of the model; undefined when it was deleted
   * @returns how the first event differs from the model
   */
  comeBack: (url: string, run: ModelRun | undefined) => Promise<string | undefined>;
  /** Waits until every event has arrived. @returns what is missing */
  catchUp: (run: ModelRun | undefined) => Promise<string | undefined>;
  drop: () => Promise<void>;
}

/** Id of the event that must come first; undefined when the watcher has missed nothing. */
function firstIdOf(run: ModelRun, lastEventId: string | undefined): string | undefined {
  if (!isOpen(run)) return "end";
  const { epoch, pieces } = run;
  const now = `${epoch}-${pieces.length}`;
  const [knownEpoch, knownSeq] = (lastEventId ?? "").split("-").map(Number);
  if (lastEventId === undefined || knownEpoch !== epoch) return now;
  return knownSeq === pieces.length ? undefined : `${epoch}-${Number(knownSeq) + 1}`;
}

interface Reader {
  view: View;
  status: () => number;
  isReading: () => boolean;
  /** Reads until the stream ends or is dropped. */
  start: (url: string) => void;
  drop: () => Promise<void>;
}

function createReader(cookie: string, runId: number): Reader {
  const view = createView();
  let stream: OpenStream | undefined;
  let reading = Promise.resolve();
  let isReading = false;

  const read = async (url: string): Promise<void> => {
    try {
      stream = await openStream(url, { cookie, runId, lastEventId: view.lastEventId });
      if (stream.status === 200) for await (const event of stream.events) applyEvent(view, runId, event);
    } catch {
      // The stream was dropped or cut. `catchUp` finds missing events.
    }
    isReading = false;
  };
  return {
    view,
    status: () => stream?.status ?? 0,
    isReading: () => isReading,
    start: (url) => {
      isReading = true;
      stream = undefined;
      reading = read(url);
    },
    drop: async () => {
      // A stream can be dropped only after its headers have arrived.
      await until("the stream answered", () => !isReading || stream !== undefined, patienceMs);
      stream?.drop();
      await reading;
    },
  };
}

/** A case has one dialog with an assistant that is offline, so its question is the first in the line. */
function knowsItsPlace({ waiting }: View, run: ModelRun): boolean {
  if (run.assistant !== "offline" || run.state !== "queued") return true;
  return waiting?.online === false && waiting.position === 1;
}

function isUpToDate(view: View, run: ModelRun): boolean {
  const { run: ended, lastEventId, text } = view;
  if (isOpen(run)) {
    const hasAll = lastEventId === `${run.epoch}-${run.pieces.length}` && text === textOf(run);
    return hasAll && knowsItsPlace(view, run);
  }
  if (ended === undefined) return false;
  // No event follows the end, even if a late answer arrives.
  if (run.state === "completed" && ["failed", "expired"].includes(ended.state)) return true;
  return ended.state === run.state && (ended.answer?.content ?? null) === run.answer;
}

/** @param cookie of the run's owner */
export function createLiveWatch(cookie: string, runId: number): LiveWatch {
  const { view, status, isReading, start, drop } = createReader(cookie, runId);
  const waited = (what: string, look: () => boolean): Promise<string | undefined> =>
    until(what, look, patienceMs).then(
      () => undefined,
      () => `${what}; it has ${JSON.stringify({ ...view, status: status() })}`,
    );
  return {
    drop,
    comeBack: async (url, run) => {
      await drop();
      const seen = view.ids.length;
      const isEnded = view.lastEventId === "end";
      const firstId = run === undefined || isEnded ? undefined : firstIdOf(run, view.lastEventId);
      start(url);
      if (isEnded) return waited(`a watcher who has the end of run ${runId} gets 204`, () => status() === 204);
      if (run === undefined) return waited(`a watcher of the gone run ${runId} gets 404`, () => status() === 404);
      if (firstId === undefined) return undefined;
      return waited(`a watcher of run ${runId} gets ${firstId} first`, () => view.ids[seen] === firstId);
    },
    catchUp: async (run) => {
      if (view.faults.length > 0) return view.faults.join("; ");
      if (run === undefined) return waited(`the stream of the gone run ${runId} ends`, () => !isReading());
      return waited(`a watcher of run ${runId} has all of ${JSON.stringify(run)}`, () => isUpToDate(view, run));
    },
  };
}
