import { createClient, type Client } from "@deepbot/client";
import { testKeys } from "@deepbot/testing";

/** A run that the test answers step by step. */
export interface ClaimedRun {
  question: string;
  /** Sends the next delta. Resolves with whether the person pressed Stop. */
  append: (piece: string) => Promise<boolean>;
  /** Ends the run with the text of its deltas, or with another one. */
  complete: (text?: string) => Promise<void>;
  fail: (message: string) => Promise<void>;
  release: () => Promise<void>;
}

/** A worker in the hands of the test. */
export interface TestWorker {
  /** Waits for a question. */
  claim: () => Promise<ClaimedRun>;
}

/** @param serverUrl address of a server that runs now: tests stop and start servers */
export function createTestWorker(serverUrl: () => string): TestWorker {
  const connect = (): Client["worker"] =>
    createClient({ url: serverUrl(), headers: () => ({ "x-messages-key": testKeys.messages }) }).worker;
  return {
    claim: async () => {
      const { runs } = await connect().claim.mutate({ worker: "e2e", wait_ms: 20_000 });
      const [run] = runs;
      if (run === undefined) throw new Error("No question arrived.");
      const lease = { run_id: run.run_id, lease_token: run.lease_token };
      let streamed = "";
      let seq = 0;
      return {
        question: run.messages.at(-1)?.content ?? "",
        append: async (text) => {
          streamed += text;
          seq += 1;
          const status = await connect().append.mutate({ ...lease, seq, text });
          return status.cancel_requested;
        },
        complete: async (text = streamed) => void (await connect().complete.mutate({ ...lease, text })),
        fail: async (message) => void (await connect().fail.mutate({ ...lease, code: "e2e", message, retry: false })),
        release: async () => void (await connect().release.mutate(lease)),
      };
    },
  };
}
