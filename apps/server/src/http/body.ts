import type { IncomingMessage } from "node:http";
import { EdgeError } from "@deepbot/api/server";
import { checkShape } from "./front-door.ts";

/** Limit of ordinary bodies, in bytes. */
export const bodyLimit = 64 * 1024;

/** Limit of bodies that carry an answer: JSON may spend six bytes (`\u0001`) on one of its 64 KiB. */
export const answerBodyLimit: number = 6 * 64 * 1024 + 4096;

const jsonType = /^application\/json\s*(?:;.*)?$/i;

function hasBody(req: IncomingMessage): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

/**
 * Refuses bodies by their headers. Only JSON passes, so that no form of a foreign page reaches a procedure; a body
 * without a content type passes as JSON, which the original's clients rely on, and where there is no body its type says
 * nothing.
 *
 * @throws {EdgeError} `unsupported_media_type`, `payload_too_large`
 */
export function checkBodyHeaders(req: IncomingMessage, limit: number): void {
  if (!hasBody(req)) return;
  const type = req.headers["content-type"];
  if (type !== undefined && !jsonType.test(type)) throw new EdgeError("unsupported_media_type");
  if ((req.headers["content-encoding"] ?? "identity") !== "identity") {
    throw new EdgeError("unsupported_media_type");
  }
  if (Number(req.headers["content-length"] ?? 0) > limit) throw new EdgeError("payload_too_large", { limit });
}

/** By listeners: iterating over a request costs several times as much. */
function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) finish(() => reject(new EdgeError("payload_too_large", { limit })));
    };
    const onEnd = (): void => finish(() => resolve(Buffer.concat(chunks, size)));
    const onLeave = (): void => finish(() => reject(new EdgeError("request_failed")));
    const finish = (settle: () => void): void => {
      req.off("data", onData).off("end", onEnd).off("close", onLeave).off("error", onLeave);
      // What is left of it is let pass: a refusal still has to travel on the same socket.
      req.resume();
      settle();
    };
    req.on("data", onData).once("end", onEnd).once("close", onLeave).once("error", onLeave);
    if (req.destroyed) onLeave();
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The body's text, or an empty one.
 *
 * @throws {EdgeError} `payload_too_large`, `json_invalid` when it is not UTF-8, `request_failed` when the client broke off
 */
export async function readText(req: IncomingMessage, limit: number): Promise<string> {
  const bytes = await readBytes(req, limit);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new EdgeError("json_invalid");
  }
}

/**
 * Parses JSON that may be looked into safely. An empty text is an empty object.
 *
 * @throws {EdgeError} `json_invalid`; `bad_request` for keys or nesting that only an attack has
 */
export function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EdgeError("json_invalid");
  }
  checkShape(value);
  return value;
}
