import { setTimeout as delay } from "node:timers/promises";
import { callAny, type Retrying } from "../support/http.ts";
import { openStream, type OpenStream, type WireEvent } from "./sse.ts";

export interface RunBody {
  run_id: number;
  dialog_id: number;
  question_id: number;
  state: string;
  answer: { message_id: number; content: string } | null;
}

/** One run as its watcher saw it. */
export interface Watched {
  run: RunBody;
  /** Built from snapshots, deltas and resets alone. */
  text: string;
  resumes: number;
  /** Ids of the events, in order of arrival. */
  ids: string[];
  /** Violations of the stream's promises. */
  faults: string[];
  endedAt: number;
}

/** The state of a watcher. */
export interface View {
  text: string;
  seq: number;
  lastEventId: string | undefined;
  run: RunBody | undefined;
  /** What it was told last of the line. */
  waiting: { online: unknown; position: unknown } | undefined;
  ids: string[];
  faults: string[];
  /** Pause before a reconnect. */
  retryMs: number;
}

export function createView(): View {
  return {
    text: "",
    seq: 0,
    lastEventId: undefined,
    run: undefined,
    waiting: undefined,
    ids: [],
    faults: [],
    retryMs: 300,
  };
}

/**
 * Applies an event. Unlike the client's `foldRunEvent`, it reports a repeated or missing delta as a violation.
 */
export function applyEvent(view: View, runId: number, { id, type, data }: WireEvent): void {
  view.lastEventId = id;
  view.ids.push(id);
  const seq = Number(data["seq"]);
  if (type === "snapshot") {
    view.text = String(data["text"]);
    view.seq = seq;
  } else if (type === "reset") {
    view.text = "";
    view.seq = 0;
  } else if (type === "delta") {
    if (seq !== view.seq + 1) view.faults.push(`run ${runId}: delta ${seq} after ${view.seq}`);
    view.seq = seq;
    view.text += String(data["text"]);
  } else if (type === "end") {
    view.run = data["run"] as RunBody;
    if (view.run.run_id !== runId) view.faults.push(`run ${runId}: got the end of run ${view.run.run_id}`);
  } else if (type === "waiting") view.waiting = { online: data["online"], position: data["position"] };
  else view.faults.push(`run ${runId}: unknown event ${type}`);
}

/** I5: the streamed text is a prefix of the answer, and all of it without an interruption. */
function judge({ text, run }: View, runId: number, interrupted: boolean): string[] {
  if (run?.state !== "completed") return [];
  const answer = run.answer?.content ?? "";
  if (interrupted ? answer.startsWith(text) : answer === text) return [];
  return [
    `run ${runId}: the stream gave ${JSON.stringify(text.slice(0, 80))}, the answer is ${JSON.stringify(answer.slice(0, 80))}`,
  ];
}

export interface WatchOptions extends Retrying {
  cookie: string;
  runId: number;
  limitMs?: number;
  /** Deltas may be missing at the end of the stream, even without an interruption. */
  mayMissPieces?: boolean;
  /** Called with each connection, so that a scenario can drop it. */
  onOpen?: (stream: OpenStream, url: string) => void;
  onEvent?: (event: WireEvent) => void;
}

async function followOnce(options: WatchOptions, view: View): Promise<boolean> {
  const { cookie, runId } = options;
  const url = options.pick(options.urls);
  const stream = await openStream(url, { cookie, runId, lastEventId: view.lastEventId });
  options.onOpen?.(stream, url);
  if (stream.status === 204) return true;
  if (stream.status !== 200) {
    stream.drop();
    if (stream.status !== 503) view.faults.push(`run ${runId}: the stream was refused with ${stream.status}`);
    return false;
  }
  try {
    for await (const event of stream.events) {
      applyEvent(view, runId, event);
      options.onEvent?.(event);
      if (event.type === "end") return true;
    }
    return false;
  } finally {
    view.retryMs = stream.retryMs() ?? view.retryMs;
  }
}

/**
 * Watches a run to its end and resumes after the last event whenever the connection breaks.
 *
 * @throws when the run does not end within the limit
 */
export async function watchRun(options: WatchOptions): Promise<Watched> {
  const { runId, limitMs = 120_000 } = options;
  const view = createView();
  const limit = performance.now() + limitMs;
  let resumes = -1;
  for (let ended = false; !ended;) {
    resumes += 1;
    if (performance.now() > limit)
      throw new Error(`Run ${runId} did not end for its watcher. ${view.faults.join("; ")}`);
    if (resumes > 0) await delay(view.retryMs);
    ended = await followOnce(options, view).catch(() => false);
  }
  const run =
    view.run ??
    (await callAny<RunBody>(options, { method: "GET", path: `/runs/${runId}`, cookie: options.cookie })).body;
  // A watcher that connects after the end gets the end event alone.
  const mayMissPieces = resumes > 0 || view.ids[0] === "end" || options.mayMissPieces === true;
  const faults = [...view.faults, ...judge({ ...view, run }, runId, mayMissPieces)];
  return { run, text: view.text, resumes, ids: view.ids, faults, endedAt: performance.now() };
}
