import createClient from "openapi-fetch";
import type { components, paths } from "../../.generated/openapi-typescript/schema.js";
import { printOutcome, readEvents } from "./consumer.js";

type Event = paths["/runs/{run_id}/events"]["get"]["responses"][200]["content"]["text/event-stream"];

function isAnswerAwaited(error: { code: string } | undefined): error is components["schemas"]["AnswerAwaitedProblem"] {
  return error?.code === "answer_awaited";
}

await printOutcome(async ({ url, cookie, key }) => {
  const person = createClient<paths>({ baseUrl: url, headers: { cookie } });
  const worker = createClient<paths>({ baseUrl: url, headers: { "X-Messages-Key": key } });

  const { data: created } = await person.POST("/dialogs/create", { body: { dialog_name: "openapi-fetch" } });
  const params = { path: { dialog_id: created?.dialog ?? 0 } };
  const { data: run } = await person.POST("/dialogs/{dialog_id}/runs", { params, body: { text_user: "hello" } });
  const { error } = await person.POST("/dialogs/{dialog_id}/runs", { params, body: { text_user: "again" } });
  const openRunId = isAnswerAwaited(error) ? error.run_id : undefined;
  const runId = run?.run_id ?? 0;

  const watch = await person.GET("/runs/{run_id}/events", { params: { path: { run_id: runId } }, parseAs: "stream" });
  const { data: claim } = await worker.POST("/worker/claim", { body: { worker: "openapi-fetch", wait_ms: 5000 } });
  const claimed = claim?.runs[0];
  if (claimed === undefined || !watch.data) throw new Error("Nothing to claim.");
  const lease = { path: { run_id: claimed.run_id } };
  const { lease_token } = claimed;
  await worker.POST("/worker/runs/{run_id}/append", { params: lease, body: { lease_token, seq: 1, text: "Hi " } });
  await worker.POST("/worker/runs/{run_id}/append", { params: lease, body: { lease_token, seq: 2, text: "there" } });
  await worker.POST("/worker/runs/{run_id}/complete", { params: lease, body: { lease_token, text: "Hi there" } });
  const events: string[] = [];
  let streamed = "";
  let answer: string | undefined;
  for await (const event of readEvents<Event>(watch.data)) {
    events.push(event.type);
    if (event.type === "snapshot") streamed = event.text;
    if (event.type === "delta") streamed += event.text;
    if (event.type === "end") answer = event.run.answer?.content;
  }
  const { data: stored } = await person.GET("/runs/{run_id}", { params: { path: { run_id: runId } } });
  return { events, streamed, answer, openRunId, runId, state: stored?.state };
});
