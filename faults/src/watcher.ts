import { setTimeout as delay } from "node:timers/promises";
import { callAny, type Retrying } from "./http.ts";
import { openStream, type OpenStream, type WireEvent } from "./sse.ts";

export interface RunBody {
  run_id: number;
  dialog_id: number;
  question_id: number;
  state: string;
  answer: { message_id: number; content: string } | null;
}

/** What a watcher made of the events of one run. */
export interface Watched {
  run: RunBody;
  /** Rebuilt from snapshots, deltas and resets only. */
  text: string;
  resumes: number;
  /** Ids of events that came, in order. */
  ids: string[];
  /** Broken promises of the stream. */
  faults: string[];
  endedAt: number;
}

/** What a watcher has made of the events so far. */
export interface View {
  text: string;
  seq: number;
  lastEventId: string | undefined;
  run: RunBody | undefined;
  ids: string[];
  faults: string[];
  /** The pause that the server asked for. */
  retryMs: number;
}

export function createView(): View {
  return { text: "", seq: 0, lastEventId: undefined, run: undefined, ids: [], faults: [], retryMs: 300 };
}

/** Takes one more event in. */
export function applyEvent(view: View, runId: number, { id, type, data }: WireEvent): void {
  if (type === "retry") {
    view.retryMs = Number(data["ms"]);
    return;
  }
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
  } else view.faults.push(`run ${runId}: unknown event ${type}`);
}

/** I5: what was streamed is the beginning of the answer, or all of it where nothing was interrupted. */
function judge({ text, run }: View, runId: number, interrupted: boolean): string[] {
  if (run?.state !== "completed") return [];
  const answer = run.answer?.content ?? "";
  if (interrupted ? answer.startsWith(text) : answer === text) return [];
  return [
    `run ${runId}: the stream said ${JSON.stringify(text.slice(0, 80))}, the answer is ${JSON.stringify(answer.slice(0, 80))}`,
  ];
}

export interface WatchOptions extends Retrying {
  cookie: string;
  runId: number;
  limitMs?: number;
  /** Pieces may be missing at the end of what was streamed, even without an interruption. */
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
  for await (const event of stream.events) {
    applyEvent(view, runId, event);
    options.onEvent?.(event);
    if (event.type === "end") return true;
  }
  return false;
}

/**
 * Watches a run to its end, coming back with the last event id wherever the connection breaks.
 *
 * @throws when there is no end within the limit
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
  // Who comes when all is said gets the end and nothing else.
  const mayMissPieces = resumes > 0 || view.ids[0] === "end" || options.mayMissPieces === true;
  const faults = [...view.faults, ...judge({ ...view, run }, runId, mayMissPieces)];
  return { run, text: view.text, resumes, ids: view.ids, faults, endedAt: performance.now() };
}
