import type { IncomingMessage, ServerResponse } from "node:http";

/** Body of a request, parsed. */
export async function readJson(req: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

export function sendJson(res: ServerResponse, value: unknown, status = 200): void {
  const content = JSON.stringify(value);
  res.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(content) });
  res.end(content);
}
