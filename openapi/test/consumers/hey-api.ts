import { createClient } from "../../.generated/hey-api/client/index.js";
import * as api from "../../.generated/hey-api/sdk.gen.js";
import type { RunsWatchResponse } from "../../.generated/hey-api/types.gen.js";
import { printOutcome } from "./consumer.js";

await printOutcome(async ({ url, cookie, key }) => {
  const person = createClient({ baseUrl: url, headers: { cookie } });
  const worker = createClient({ baseUrl: url, headers: { "X-Messages-Key": key } });
  const throwOnError = true;

  const { data: created } = await api.dialogsCreate({ client: person, throwOnError, body: { dialog_name: "hey-api" } });
  const path = { dialog_id: created.dialog };
  const { data: run } = await api.runsStart({ client: person, throwOnError, path, body: { text_user: "hello" } });
  const { error } = await api.runsStart({ client: person, path, body: { text_user: "again" } });
  const openRunId = error?.code === "answer_awaited" && "run_id" in error ? Number(error.run_id) : undefined;

  const events: string[] = [];
  let streamed = "";
  let answer: string | undefined;
  const note = (event: RunsWatchResponse | undefined): void => {
    if (event === undefined) return;
    events.push(event.type);
    if (event.type === "snapshot") streamed = event.text;
    if (event.type === "delta") streamed += event.text;
    if (event.type === "end") answer = event.run.answer?.content;
  };
  const watch = await api.runsWatch({ client: person, path: { run_id: run.run_id } });
  // The request goes out with the first read.
  note((await watch.stream.next()).value);
  const { data: claim } = await api.workerClaim({
    client: worker,
    throwOnError,
    body: { worker: "hey-api", wait_ms: 5000 },
  });
  const [claimed] = claim.runs;
  if (claimed === undefined) throw new Error("Nothing to claim.");
  const lease = { client: worker, throwOnError, path: { run_id: claimed.run_id } } as const;
  const { lease_token } = claimed;
  await api.workerAppend({ ...lease, body: { lease_token, seq: 1, text: "Hi " } });
  await api.workerAppend({ ...lease, body: { lease_token, seq: 2, text: "there" } });
  await api.workerComplete({ ...lease, body: { lease_token, text: "Hi there" } });
  for await (const event of watch.stream) note(event);
  const { data: stored } = await api.runsGet({ client: person, throwOnError, path: { run_id: run.run_id } });
  return { events, streamed, answer, openRunId, runId: run.run_id, state: stored.state };
});
