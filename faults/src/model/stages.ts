import type { Reply } from "../support/http.ts";
import { chooseRunId, clientMessageIdOf } from "./commands.ts";
import { tokenOf, type Model } from "./model.ts";
import type { Request } from "./requests.ts";

/** Starting points of races, by the requests that lead to them. */
export const stages = {
  idle: [],
  queued: ["send"],
  running: ["send", "claim"],
  unconfirmed: ["send", "claim unconfirmed"],
  "never confirmed": ["send", "claim unconfirmed", "lease"],
  streaming: ["send", "claim", "append"],
  cancelling: ["send", "claim", "append", "cancel"],
  "given back": ["send", "claim", "append", "release"],
  "backing off": ["send", "claim", "append", "try again"],
  failed: ["send", "claim", "fail"],
  "failed half-way": ["send", "claim", "append", "fail"],
  expired: ["send", "claim", "deadline"],
  "never taken": ["send", "deadline"],
  cancelled: ["send", "cancel"],
  completed: ["send", "claim", "complete"],
} as const;

export type Stage = keyof typeof stages;

interface Present {
  dialogId: number;
  runId: number;
  token: string;
  seq: number;
}

const makers = {
  send: ({ dialogId }) => ({ kind: "send", dialogId, clientMessageId: clientMessageIdOf(0), text: "one" }),
  "send other": ({ dialogId }) => ({ kind: "send", dialogId, clientMessageId: clientMessageIdOf(1), text: "two" }),
  "send changed": ({ dialogId }) => ({ kind: "send", dialogId, clientMessageId: clientMessageIdOf(0), text: "two" }),
  claim: () => ({ kind: "claim", max: 1, isFallback: false, confirms: false }),
  "claim unconfirmed": () => ({ kind: "claim", max: 1, isFallback: false, confirms: true }),
  "claim as fallback": () => ({ kind: "claim", max: 1, isFallback: true, confirms: false }),
  heartbeat: ({ runId, token }) => ({ kind: "heartbeat", runId, token }),
  append: ({ runId, token, seq }) => ({ kind: "append", runId, token, seq, text: "a piece" }),
  "append other": ({ runId, token, seq }) => ({ kind: "append", runId, token, seq, text: "another" }),
  "append again": ({ runId, token, seq }) => ({
    kind: "append",
    runId,
    token,
    seq: Math.max(1, seq - 1),
    text: "a piece",
  }),
  "complete streamed": ({ runId, token }) => ({ kind: "complete", runId, token, text: null }),
  complete: ({ runId, token }) => ({ kind: "complete", runId, token, text: "one" }),
  "complete other": ({ runId, token }) => ({ kind: "complete", runId, token, text: "two" }),
  "try again": ({ runId, token }) => ({ kind: "fail", runId, token, retry: true, discard: false }),
  fail: ({ runId, token }) => ({ kind: "fail", runId, token, retry: false, discard: false }),
  discard: ({ runId, token }) => ({ kind: "fail", runId, token, retry: false, discard: true }),
  release: ({ runId, token }) => ({ kind: "release", runId, token }),
  cancel: ({ runId }) => ({ kind: "cancel", runId }),
  retry: ({ runId }) => ({ kind: "retry", runId }),
  delete: ({ dialogId }) => ({ kind: "delete", dialogId }),
} satisfies Record<string, (present: Present) => Request>;

export type Racer = keyof typeof makers;

export const racers = Object.keys(makers) as Racer[];

/** A request about the newest run of the dialog, by the present model. */
export function makeRequest(model: Model, racer: Racer): Request {
  const runId = chooseRunId(model, { among: "any", back: 0 }) ?? 0;
  const run = model.runs.get(runId);
  const token = tokenOf(run) ?? "00000000-0000-4000-8000-000000000000";
  return makers[racer]({ dialogId: model.dialogIds[0] ?? 0, runId, token, seq: (run?.pieces.length ?? 0) + 1 });
}

/** One request of a race, with its reply. */
export interface Raced {
  request: Request;
  reply: Reply;
}
