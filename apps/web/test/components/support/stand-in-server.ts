import type { ErrorCode } from "@deepbot/contract";
import { vi } from "vitest";
import { createProcedures, type Path } from "./stand-in-procedures.ts";
import { StandInState, type StoredRun } from "./stand-in-state.ts";
import { createEventSources } from "./stand-in-event-source.ts";
import { StandInTransport } from "./stand-in-transport.ts";

/** A claimed run. The test decides what the worker does with it. */
export interface ClaimedRun {
  question: string;
  /** Stores the next delta without streaming it, as if a notification was lost. */
  loseDelta: (text: string) => void;
  /** Streams the next delta. Returns whether the person has asked to stop. */
  append: (text: string) => boolean;
  /** Completes the run with the streamed text, or with another. */
  complete: (text?: string) => void;
  fail: (message: string) => void;
  /** Gives the run back: ends it if the person has asked to stop. */
  release: () => void;
}

/**
 * Takes the server's place for one test: `fetch` and `EventSource` of the page reach it in place of the network. It
 * speaks the server's wire format, and its procedures have the types of the server's router.
 */
export interface StandInServer {
  state: StandInState;
  calls: readonly string[];
  claim: () => Promise<ClaimedRun>;
  /** Says what the queued run waits for. */
  tellPlace: (place: { online: boolean; position: number }) => Promise<void>;
  goOffline: () => void;
  goOnline: () => void;
  refuseNext: (path: Path, code: ErrorCode) => void;
  loseNextResponse: (path: Path) => void;
  /** Holds back responses until the returned function is called. */
  hold: (path: Path) => () => void;
}

function claimed(state: StandInState, run: StoredRun): ClaimedRun {
  return {
    question: run.question,
    append: (text) => {
      run.deltas.push(text);
      const seq = run.deltas.length;
      state.emit(run, `${run.wire.attempt}-${seq}`, { type: "delta", seq, text });
      return run.wire.cancel_requested;
    },
    loseDelta: (text) => void run.deltas.push(text),
    complete: (text = run.deltas.join("")) => state.end(run, "completed", { text }),
    fail: (message) => state.end(run, "failed", { reason: message }),
    release: () => {
      if (run.wire.cancel_requested) state.end(run, "cancelled", { text: run.deltas.join("") });
      else state.setOpen(run, "queued");
    },
  };
}

function findQueued(state: StandInState): Promise<StoredRun> {
  return vi.waitFor(
    () => {
      const run = [...state.runs.values()].find(({ wire }) => wire.state === "queued");
      if (run === undefined) throw new Error("No question was asked.");
      return run;
    },
    { interval: 10 },
  );
}

export function startStandInServer(): StandInServer {
  const state = new StandInState();
  const transport = new StandInTransport(createProcedures(state));
  const { conditions } = transport;
  const { EventSource, breakAll } = createEventSources(state, conditions);
  vi.stubGlobal("fetch", transport.fetch);
  vi.stubGlobal("EventSource", EventSource);
  return {
    state,
    calls: transport.calls,
    claim: async () => {
      const run = await findQueued(state);
      state.setOpen(run, "running");
      return claimed(state, run);
    },
    tellPlace: async (place) => {
      const run = await findQueued(state);
      state.emit(run, `${run.wire.attempt}-${run.deltas.length}`, { type: "waiting", ...place });
    },
    goOffline: () => {
      conditions.isOffline = true;
      breakAll();
    },
    goOnline: () => {
      conditions.isOffline = false;
    },
    refuseNext: (path, code) => void conditions.refuseNext.set(path, code),
    loseNextResponse: (path) => void conditions.loseNextResponse.add(path),
    hold: (path) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      conditions.held.set(path, promise);
      return () => {
        conditions.held.delete(path);
        resolve();
      };
    },
  };
}
