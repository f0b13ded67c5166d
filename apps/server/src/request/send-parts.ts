import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { JsonStream } from "@deepbot/api/server";
import { errorCode } from "@deepbot/db";
import { type RequestContext } from "./context.ts";
import { inSlices, sendResponse, sliceBytes } from "./send.ts";

/** A response body in parts, which follow each other without anything between them. */
export type Parts = readonly (string | JsonStream)[];

async function* piecesOf(parts: Parts): AsyncGenerator<string, void, undefined> {
  for (const part of parts) {
    if (part instanceof JsonStream) yield* part.pieces;
    else yield part;
  }
}

async function* bytesOf(begin: string, rest: AsyncIterator<string>): AsyncGenerator<Buffer, void, undefined> {
  yield* inSlices(Buffer.from(begin));
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) {
    yield* inSlices(Buffer.from(step.value));
  }
}

interface Body {
  status: number;
  contentType: string;
  parts: Parts;
}

/**
 * Sends a body no faster than its client reads, or in one write if it is short. Closes the streams in it.
 *
 * @throws what the body's streams raise; the response is destroyed if it has begun
 */
export async function sendParts(request: RequestContext, { status, contentType, parts }: Body): Promise<void> {
  const texts = parts.filter((part) => typeof part === "string");
  if (texts.length === parts.length) sendResponse(request, { status, contentType, content: texts.join("") });
  else await sendStreams(request, { status, contentType, parts });
}

async function sendStreams(request: RequestContext, { status, contentType, parts }: Body): Promise<void> {
  const { res, headers, method } = request;
  const pieces = piecesOf(parts);
  try {
    let begin = "";
    let step = await pieces.next();
    while (step.done !== true && begin.length + step.value.length <= sliceBytes) {
      begin += step.value;
      step = await pieces.next();
    }
    if (step.done === true) {
      sendResponse(request, { status, contentType, content: begin });
      return;
    }
    if (res.destroyed) return;
    res.writeHead(status, { ...headers, "Content-Type": contentType });
    if (method === "HEAD") res.end();
    else await pipeline(Readable.from(bytesOf(begin + step.value, pieces)), res);
  } catch (error) {
    // The client has left, or was cut off.
    if (errorCode(error) !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  } finally {
    await pieces.return();
    for (const part of parts) if (part instanceof JsonStream) part.close();
  }
}
