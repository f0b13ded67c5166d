import { createServer, type IncomingMessage } from "node:http";
import { handleWebhook } from "./handle-webhook.ts";

/** Longest message that is read. A history has up to 256 KiB, and JSON may need six bytes for one. */
const bodyMaxBytes = 2 * 1024 * 1024;

const { DEEPBOT_URL = "http://127.0.0.1:8000", DEEPBOT_KEY = "dev-messages-key", PORT = "8080" } = process.env;
const { WEBHOOK_SECRET } = process.env;
if (WEBHOOK_SECRET === undefined) throw new Error("Set WEBHOOK_SECRET to the secret of the webhook, whsec_….");
const options = { url: DEEPBOT_URL, key: DEEPBOT_KEY, secret: WEBHOOK_SECRET };

/** Null when the message is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyMaxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function statusFor(incoming: IncomingMessage): Promise<number> {
  if (incoming.method !== "POST") return 405;
  const body = await readBody(incoming);
  if (body === null) return 413;
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as [string, string]);
  const { status } = await handleWebhook(new Request("http://receiver/", { method: "POST", headers, body }), options);
  return status;
}

createServer((incoming, outgoing) => {
  statusFor(incoming)
    .catch(() => 500)
    .then((status) => outgoing.writeHead(status).end())
    .catch(() => outgoing.destroy());
}).listen(Number(PORT), "127.0.0.1", () => console.log(`Receives webhooks at http://127.0.0.1:${PORT}`));
