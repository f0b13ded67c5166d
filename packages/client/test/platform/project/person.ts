import { failureOf, subscribeRun, type WireRun } from "@deepbot/client";
import { createNodeClient } from "@deepbot/client/node";

const [url = "", idToken = ""] = process.argv.slice(2);
const browser = createNodeClient({ url });
await browser.auth.signIn.mutate({ token: idToken });
const { token } = await browser.tokens.create.mutate({ name: "command line" });
const client = createNodeClient({ url, token });
const { dialog } = await client.dialogs.create.mutate({ dialog_name: "First" });
const { run_id: runId } = await client.runs.start.mutate({ dialog_id: dialog, text_user: "Hello" });
const run: WireRun = await subscribeRun(client, {
  runId,
  signal: AbortSignal.timeout(20_000),
  onProgress: ({ text }) => console.error(text),
});
const refusal = await client.runs.get.query({ run_id: 0 }).then(() => undefined, failureOf);
console.log(JSON.stringify({ answer: run.answer?.content, refusal }));
