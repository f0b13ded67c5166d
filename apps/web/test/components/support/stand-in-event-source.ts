import type { StandInState } from "./stand-in-state.ts";
import type { Conditions } from "./stand-in-transport.ts";

/** The part of `EventSource` that tRPC uses. */
interface EventSourceConstructor {
  new (url: string): EventTarget;
}

interface EventSources {
  EventSource: EventSourceConstructor;
  /** Breaks every open stream. */
  breakAll: () => void;
}

/** Creates an `EventSource` whose streams are the runs of the stand-in server. */
export function createEventSources(state: StandInState, conditions: Conditions): EventSources {
  const open = new Set<StandInEventSource>();

  class StandInEventSource extends EventTarget {
    readonly CLOSED = 2;
    readyState = 0;
    #unsubscribe = (): void => {};

    constructor(url: string) {
      super();
      open.add(this);
      const input: unknown = JSON.parse(new URL(url, location.href).searchParams.get("input") ?? "{}");
      queueMicrotask(() => this.#connect(Number(Reflect.get(Object(input), "run_id"))));
    }

    #connect(runId: number): void {
      const run = state.runs.get(runId);
      if (this.readyState === 2 || conditions.isOffline || run?.ownerId !== state.signedIn?.id || run === undefined) {
        this.close();
        this.dispatchEvent(new Event("error"));
        return;
      }
      this.readyState = 1;
      this.#send("connected", {});
      const { wire, deltas } = run;
      if (wire.state !== "queued" && wire.state !== "running") {
        this.#send("message", { type: "end", run: wire }, "end");
        return;
      }
      const snapshot = { state: wire.state, attempt: wire.attempt, seq: deltas.length, text: deltas.join("") };
      this.#send("message", { type: "snapshot", ...snapshot }, `${wire.attempt}-${deltas.length}`);
      const send = (id: string, event: object): void => this.#send("message", event, id);
      run.subscribers.add(send);
      this.#unsubscribe = () => void run.subscribers.delete(send);
    }

    close(): void {
      this.readyState = 2;
      this.#unsubscribe();
      open.delete(this);
    }

    #send(type: string, data: object, lastEventId = ""): void {
      this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId }));
    }
  }

  return {
    EventSource: StandInEventSource,
    breakAll: () => {
      for (const source of open) {
        source.close();
        source.dispatchEvent(new Event("error"));
      }
    },
  };
}
