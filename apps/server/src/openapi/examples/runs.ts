import type { Json } from "../convert-schemas.ts";
import { answer, question } from "./dialogs.ts";
import { at, ids, type Example } from "./example.ts";

/** A run that has just been queued. */
const queued = {
  run_id: 12,
  dialog_id: ids.dialog,
  question_id: 31,
  state: "queued",
  attempt: 0,
  created_at: at(1),
  deadline_at: at(3),
  ended_at: null,
  cancel_requested: false,
  text: "",
  answer: null,
  usage: null,
  error: null,
};

const completed: Json = {
  ...queued,
  state: "completed",
  attempt: 1,
  ended_at: at(1, 9),
  text: null,
  answer: { message_id: 32, content: answer },
  usage: { model: "my-model", input_tokens: 9, output_tokens: 11 },
};

const lease = { run_id: 12, lease_until: at(1, 35), deadline_at: at(3), cancel_requested: false };
const parameters = { run_id: 12 };
const { lease: lease_token } = ids;

/** A question, and the way to its answer. */
export const runExamples: Readonly<Record<string, Example>> = {
  "runs.start": {
    parameters: { dialog_id: ids.dialog },
    request: { text_user: question, client_message_id: ids.clientMessage },
    response: queued,
  },
  "runs.get": { parameters, response: completed },
  "runs.watch": {
    parameters,
    events: {
      snapshot: { type: "snapshot", state: "running", attempt: 1, seq: 0, text: "" },
      delta: { type: "delta", seq: 1, text: "The Nile, or " },
      reset: { type: "reset", attempt: 2 },
      end: { type: "end", run: completed },
    },
  },
  "runs.cancel": {
    parameters: { run_id: 13 },
    response: {
      ...queued,
      run_id: 13,
      question_id: 33,
      state: "cancelled",
      ended_at: at(2),
      cancel_requested: true,
      text: null,
    },
  },
  "runs.retry": { parameters: { run_id: 13 }, response: { ...queued, run_id: 14, question_id: 33 } },
  "worker.claim": {
    request: { worker: "my-ai", wait_ms: 25_000, confirm_within_ms: 5_000 },
    response: {
      runs: [
        {
          run_id: 12,
          dialog_id: ids.dialog,
          assistant: { slug: "deepbot", instructions: "" },
          user: "kxJX-_fhUj6rhIVDlUfN5q",
          user_id: ids.user,
          locale: "en",
          attempt: 1,
          max_attempts: 3,
          lease_token,
          lease_until: at(1, 5),
          deadline_at: at(3),
          messages: [{ message_id: 31, role: "user", content: question }],
        },
      ],
    },
  },
  "worker.heartbeat": { parameters, request: { lease_token }, response: lease },
  "worker.append": { parameters, request: { lease_token, seq: 1, text: "The Nile, or " }, response: lease },
  "worker.complete": {
    parameters,
    request: {
      lease_token,
      text: answer,
      usage: { model: "my-model", input_tokens: 9, output_tokens: 11 },
    },
    response: { run_id: 12, state: "completed" },
  },
  "worker.fail": {
    parameters: { run_id: 14 },
    request: { lease_token, code: "model_unavailable", message: "The model does not respond.", retry: false },
    response: { run_id: 14, state: "failed" },
  },
  "worker.release": { parameters: { run_id: 14 }, request: { lease_token }, response: { run_id: 14, state: "queued" } },
};
