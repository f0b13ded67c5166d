import type { ServerResponse } from "node:http";
import { limits } from "@deepbot/contract";
import type { Run } from "./statements.ts";

/** The id of the service key of the environment, to which leases belong here. */
export const environmentKeyId = "environment";

interface Delta {
  runId: number;
  leaseToken: unknown;
  seq: unknown;
  text: unknown;
  done: () => void;
}

export interface Appends {
  /** Resolves once the delta is stored. */
  append: (runId: number, body: Record<string, unknown>) => Promise<void>;
  watch: (runId: number, res: ServerResponse) => void;
  end: (runId: number) => void;
}

/** Stores deltas: while one statement runs, the next batch gathers. Stored deltas go to the watchers of this process. */
export function createAppends(insertDeltas: Run): Appends {
  const watchers = new Map<number, ServerResponse>();
  let waiting: Delta[] = [];
  let busy = false;

  const flush = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await insertDeltas({
        runIds: batch.map(({ runId }) => runId),
        leaseTokens: batch.map(({ leaseToken }) => leaseToken),
        keyIds: batch.map(() => environmentKeyId),
        reaches: batch.map(() => null),
        seqs: batch.map(({ seq }) => seq),
        texts: batch.map(({ text }) => text),
        leaseMs: batch.map(() => 30_000),
        maxBytes: limits.answerMaxBytes,
        deadlineMs: 120_000,
        maxMs: 1_800_000,
      });
      for (const { runId, seq, text, done } of batch) {
        watchers.get(runId)?.write(`event: delta\ndata: ${JSON.stringify({ type: "delta", seq, text })}\n\n`);
        done();
      }
    }
    busy = false;
  };

  return {
    append: (runId, body) =>
      new Promise((done) => {
        waiting.push({ runId, leaseToken: body["lease_token"], seq: body["seq"], text: body["text"], done });
        if (!busy) void flush();
      }),
    watch: (runId, res) => void watchers.set(runId, res),
    end: (runId) => {
      watchers.get(runId)?.end("event: end\ndata: {}\n\n");
      watchers.delete(runId);
    },
  };
}
