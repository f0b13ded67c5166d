import * as api from "../../.generated/orval/index.js";
import { printOutcome, readEvents } from "./consumer.js";

type Event = api.SnapshotEvent | api.DeltaEvent | api.ResetEvent | api.EndEvent;

/** orval's own function reads the response to its end and calls the text an event. Its address and types are right. */
async function watch(runId: number, options: RequestInit): Promise<AsyncGenerator<Event>> {
  const { body } = await fetch(api.getRunsWatchUrl(runId), options);
  if (body === null) throw new Error("There is no stream.");
  return readEvents<Event>(body);
}

await printOutcome(async ({ cookie, key }) => {
  const person = { headers: { cookie } };
  const worker = { headers: { "X-Messages-Key": key } };

  const created = await api.dialogsCreate({ dialog_name: "orval" }, person);
  if (created.status !== 200) throw new Error(created.data.detail);
  const started = await api.runsStart(created.data.dialog, { text_user: "hello" }, person);
  if (started.status !== 202) throw new Error(started.data.detail);
  const runId = started.data.run_id;
  const refused = await api.runsStart(created.data.dialog, { text_user: "again" }, person);
  const openRunId = refused.status === 409 && refused.data.code === "answer_awaited" ? refused.data.run_id : undefined;

  const stream = await watch(runId, person);
  const claim = await api.workerClaim({ worker: "orval", wait_ms: 5000 }, worker);
  const claimed = claim.status === 200 ? claim.data.runs[0] : undefined;
  if (claimed === undefined) throw new Error("Nothing to claim.");
  const { run_id, lease_token } = claimed;
  await api.workerAppend(run_id, { lease_token, seq: 1, text: "Hi " }, worker);
  await api.workerAppend(run_id, { lease_token, seq: 2, text: "there" }, worker);
  await api.workerComplete(run_id, { lease_token, text: "Hi there" }, worker);
  const events: string[] = [];
  let streamed = "";
  let answer: string | undefined;
  for await (const event of stream) {
    events.push(event.type);
    if (event.type === "snapshot") streamed = event.text;
    if (event.type === "delta") streamed += event.text;
    if (event.type === "end") answer = event.run.answer?.content;
  }
  const stored = await api.runsGet(runId, person);
  return { events, streamed, answer, openRunId, runId, state: stored.status === 200 ? stored.data.state : undefined };
});
