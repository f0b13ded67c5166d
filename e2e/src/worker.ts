import { testKeys } from "@deepbot/testing";

/** A run in the hands of the test, which says when something becomes of it. */
export interface ClaimedRun {
  question: string;
  /** Says the next piece. Resolves with whether the person wants no more of it. */
  append: (piece: string) => Promise<boolean>;
  /** Ends it with what has been said, or with another text. */
  complete: (text?: string) => Promise<void>;
  fail: (message: string) => Promise<void>;
  release: () => Promise<void>;
}

/** A program that answers, over the REST operations of workers. */
export interface TestWorker {
  /** Waits for a question. */
  claim: () => Promise<ClaimedRun>;
}

interface Claimed {
  runs: { run_id: number; lease_token: string; messages: { content: string }[] }[];
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-messages-key": testKeys.messages },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** @param serverUrl a server that is alive now */
export function createTestWorker(serverUrl: () => string): TestWorker {
  return {
    claim: async () => {
      const { runs } = await post<Claimed>(`${serverUrl()}/worker/claim`, { worker: "e2e", wait_ms: 20_000 });
      const [run] = runs;
      if (run === undefined) throw new Error("Nothing was asked.");
      let said = "";
      let seq = 0;
      const report = <T>(what: string, body: object): Promise<T> =>
        post<T>(`${serverUrl()}/worker/runs/${run.run_id}/${what}`, { lease_token: run.lease_token, ...body });
      return {
        question: run.messages.at(-1)?.content ?? "",
        append: async (text) => {
          said += text;
          seq += 1;
          const { cancel_requested } = await report<{ cancel_requested: boolean }>("append", { seq, text });
          return cancel_requested;
        },
        complete: async (text = said) => void (await report("complete", { text })),
        fail: async (message) => void (await report("fail", { code: "e2e", message, retry: false })),
        release: async () => void (await report("release", {})),
      };
    },
  };
}
