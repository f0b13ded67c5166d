import { failureOf, subscribeRun, type WireRun } from "@deepbot/client";
import { createNodeClient } from "@deepbot/client/node";

const [url = "", token = ""] = process.argv.slice(2);
const client = createNodeClient({ url });
await client.auth.signIn.mutate({ token });
const { dialog } = await client.dialogs.create.mutate({ dialog_name: "First" });
const { run_id: runId } = await client.runs.start.mutate({ dialog_id: dialog, text_user: "Hello" });
const run: WireRun = await subscribeRun(client, {
  runId,
  signal: AbortSignal.timeout(20_000),
  onProgress: ({ text }) => console.error(text),
});
const refusal = await client.runs.get.query({ run_id: 0 }).then(() => undefined, failureOf);
console.log(JSON.stringify({ answer: run.answer?.content, refusal }));
