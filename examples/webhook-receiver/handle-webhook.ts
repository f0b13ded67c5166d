import { isSignedWebhook } from "./verify-webhook.ts";

export interface ReceiverOptions {
  /** Address of the Deepbot server. */
  url: string;
  /** A service key. */
  key: string;
  /** The secret of the webhook. */
  secret: string;
}

/** What a message of the type `run.queued` carries: the same as a claim gives. */
interface QueuedRun {
  run_id: number;
  lease_token: string;
  messages: { role: "user" | "bot"; content: string }[];
}

/** Put your model here. */
async function answer({ messages }: QueuedRun): Promise<string> {
  return `I am a function without a model. You wrote: ${messages.at(-1)?.content ?? ""}`;
}

/** Stores the answer. This one request confirms the lease and ends the run. */
async function complete(run: QueuedRun, { url, key }: ReceiverOptions): Promise<boolean> {
  const response = await fetch(`${url}/worker/runs/${run.run_id}/complete`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-messages-key": key },
    body: JSON.stringify({ lease_token: run.lease_token, text: await answer(run) }),
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  // 404 and 409: the run is gone, or another worker has it. Nothing is left to do, and to repeat the message is no use.
  return response.ok || response.status === 404 || response.status === 409;
}

/**
 * Answers one message. It takes and gives what serverless platforms do, so it can be deployed as it is: export it from the
 * file that the platform calls.
 */
export async function handleWebhook(request: Request, options: ReceiverOptions): Promise<Response> {
  const body = await request.text();
  if (!isSignedWebhook(request.headers, body, options.secret)) return new Response(null, { status: 401 });
  const message: { type: string; data: QueuedRun } = JSON.parse(body);
  // Types of later versions are taken and ignored: a refusal would count as a failure.
  if (message.type !== "run.queued") return new Response(null, { status: 204 });
  const isStored = await complete(message.data, options).catch(() => false);
  return new Response(null, { status: isStored ? 204 : 503 });
}
