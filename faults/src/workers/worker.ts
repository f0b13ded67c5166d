import { setTimeout as delay } from "node:timers/promises";
import { callAny, callOnce, isTemporary, type Reply } from "../support/http.ts";

export interface ClaimedRun {
  run_id: number;
  dialog_id: number;
  lease_token: string;
  attempt: number;
  messages: { role: string; content: string }[];
}

/** The replicas that a worker calls. */
export interface WorkerLink {
  urls: readonly string[];
  pick: (urls: readonly string[]) => string;
  /** Its service key; by default the environment's. */
  key?: string | undefined;
}

export interface WorkerHabits {
  name: string;
  leaseMs: number;
  /** Deltas of an answer. */
  pieces: number;
  pauseMs: number;
  /** How many runs at once. */
  max?: number;
  waitMs?: number;
  onClaim?: (run: ClaimedRun) => void;
  onDone?: (run: ClaimedRun, reply: Reply) => void;
}

/** The expected answer to a question, in deltas. */
export function piecesOf(question: string, count: number): string[] {
  return [`answer to ${question}:`, ...Array.from({ length: count - 1 }, (_, index) => ` part ${index + 1}`)];
}

export function questionOf(run: ClaimedRun): string {
  return run.messages.at(-1)?.content ?? "";
}

export async function claim(link: WorkerLink, habits: WorkerHabits, signal?: AbortSignal): Promise<ClaimedRun[]> {
  const { name, leaseMs, max = 1, waitMs = 2_000 } = habits;
  const reply = await callOnce<{ runs: ClaimedRun[] } | null>(link.pick(link.urls), {
    path: "/worker/claim",
    asWorker: link.key ?? true,
    body: { worker: name, max, wait_ms: waitMs, lease_ms: leaseMs },
    timeoutMs: waitMs + 10_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (reply.status === 200 && reply.body !== null) return reply.body.runs;
  await delay(200);
  return [];
}

export function report(link: WorkerLink, run: ClaimedRun, call: { verb: string; body: object }): Promise<Reply> {
  return callAny(
    { ...link, patienceMs: 20_000 },
    {
      path: `/worker/runs/${run.run_id}/${call.verb}`,
      asWorker: link.key ?? true,
      body: { lease_token: run.lease_token, ...call.body },
      timeoutMs: 8_000,
    },
  );
}

/** Appends the last of these deltas. After a database crash that lost some, it appends those again. */
async function append(
  link: WorkerLink,
  run: ClaimedRun,
  sent: { pieces: string[]; leaseMs: number },
): Promise<boolean> {
  const lastSeq = sent.pieces.length;
  for (let seq = lastSeq; seq <= lastSeq;) {
    const body = { seq, text: sent.pieces[seq - 1], lease_ms: sent.leaseMs };
    const reply = await report(link, run, { verb: "append", body });
    const known = (reply.body as { last_seq?: number } | null)?.last_seq;
    if (reply.status === 200) seq += 1;
    else if (reply.status === 409 && known !== undefined) seq = known + 1;
    else return false;
  }
  return true;
}

/** Answers one run. Returns the reply to `complete`, or undefined when the run was lost before. */
export async function answerRun(link: WorkerLink, run: ClaimedRun, habits: WorkerHabits): Promise<Reply | undefined> {
  const pieces = piecesOf(questionOf(run), habits.pieces);
  for (let count = 1; count <= pieces.length; count += 1) {
    if (!(await append(link, run, { pieces: pieces.slice(0, count), leaseMs: habits.leaseMs }))) return undefined;
    if (habits.pauseMs > 0) await delay(habits.pauseMs);
  }
  return report(link, run, { verb: "complete", body: { text: pieces.join("") } });
}

export interface WorkerPool {
  answered: () => number;
  /** Lets current runs finish. */
  stop: () => Promise<void>;
}

/** Workers inside the harness. A worker abandons a run whose report is refused. */
export function startWorkers(link: WorkerLink, count: number, habits: WorkerHabits): WorkerPool {
  const stopping = new AbortController();
  let answered = 0;
  const work = async (index: number): Promise<void> => {
    const own = { ...habits, name: `${habits.name}-${index}` };
    while (!stopping.signal.aborted) {
      const runs = await claim(link, own, stopping.signal);
      await Promise.all(
        runs.map(async (run) => {
          own.onClaim?.(run);
          const reply = await answerRun(link, run, own);
          if (reply === undefined || isTemporary(reply)) return;
          if (reply.status === 200) answered += 1;
          own.onDone?.(run, reply);
        }),
      );
    }
  };
  const all = Array.from({ length: count }, (_, index) => work(index));
  return {
    answered: () => answered,
    stop: async () => {
      stopping.abort();
      await Promise.all(all);
    },
  };
}
