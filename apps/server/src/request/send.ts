import { pipeline, Readable } from "node:stream";
import { timing, type Problem } from "@deepbot/contract";
import type { RequestContext } from "./context.ts";

type Recipient = Pick<RequestContext, "res" | "headers">;

/** Longest piece of a body that is written at once. A longer one would hide whether its client reads it. */
export const sliceBytes = 64 * 1024;

export function* inSlices(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let start = 0; start < bytes.length; start += sliceBytes) yield bytes.subarray(start, start + sliceBytes);
}

/**
 * Sends a response, in one write if it is short, unless the client has disconnected. Node drops the body when the method is
 * HEAD.
 */
export function sendResponse(
  { res, headers }: Recipient,
  { status, contentType, content }: { status: number; contentType: string; content: string | Buffer },
): void {
  if (res.headersSent || res.destroyed) return;
  const length = Buffer.byteLength(content);
  res.writeHead(status, {
    ...(status === 429 || status === 503 ? { "Retry-After": String(timing.retryAfterSeconds) } : {}),
    ...(status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
    ...headers,
    "Content-Type": contentType,
    "Content-Length": length,
  });
  if (length <= sliceBytes) res.end(content);
  // The callback gets an error when the client disconnects.
  else pipeline(Readable.from(inSlices(typeof content === "string" ? Buffer.from(content) : content)), res, () => {});
}

export const problemType = "application/problem+json; charset=utf-8";

export const jsonType = "application/json; charset=utf-8";

export function sendJson(to: Recipient, status: number, value: unknown): void {
  sendResponse(to, { status, contentType: jsonType, content: JSON.stringify(value) });
}

export function sendProblem(to: Recipient, problem: Problem): void {
  const { status, resets_at: resetsAt } = problem;
  if (typeof resetsAt === "string") {
    to.headers["Retry-After"] = String(Math.max(1, Math.ceil((Date.parse(resetsAt) - Date.now()) / 1000)));
  }
  sendResponse(to, {
    status,
    contentType: problemType,
    content: JSON.stringify(problem),
  });
}

export function sendEmpty({ res, headers }: Recipient, status: number): void {
  res.writeHead(status, { ...headers, "Content-Length": 0 });
  res.end();
}
