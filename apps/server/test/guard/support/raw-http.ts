import { connect, type Socket } from "node:net";

/** What came back on a raw connection. */
export interface RawAnswer {
  /** All bytes as Latin-1 text. */
  text: string;
  /** The status of each answer on the connection, in order. */
  statuses: number[];
  /** How it ended: by the server, or by our patience. */
  ended: "closed" | "timeout";
}

export interface RawOptions {
  port: number;
  /** How long to wait for the server to close, in milliseconds. */
  patienceMs?: number;
  /** Stop waiting as soon as this many answers are complete. */
  answers?: number;
}

/** Text with one byte per character: what the tests build requests from. */
export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((found) => Number(found[1]));
}

/** How many answers with a length are complete in the text. */
function countComplete(text: string): number {
  let rest = text;
  let complete = 0;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return complete;
    const length = Number(/^content-length: (\d+)/im.exec(rest.slice(0, end))?.[1] ?? 0);
    if (rest.length < end + 4 + length) return complete;
    complete += 1;
    rest = rest.slice(end + 4 + length);
  }
}

/** Writes the bytes as they are and collects what comes back until the server closes or has answered. */
export function sendRaw(bytes: Buffer | string, { port, patienceMs = 8_000, answers }: RawOptions): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = "";
    const socket: Socket = connect({ port, host: "127.0.0.1" });
    const finish = (ended: RawAnswer["ended"]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, statuses: statusesOf(text), ended });
    };
    const timer = setTimeout(finish, patienceMs, "timeout");
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (answers !== undefined && countComplete(text) >= answers) finish("closed");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => finish("closed"));
    socket.write(typeof bytes === "string" ? latin1(bytes) : bytes);
  });
}

/** A request with a line, headers and a body; `Connection: close` and a good Host unless given otherwise. */
export function rawRequest(line: string, headers: readonly string[] = [], body: Buffer | string = ""): Buffer {
  const named = (name: string): boolean => headers.some((header) => header.toLowerCase().startsWith(`${name}:`));
  const content = typeof body === "string" ? Buffer.from(body) : body;
  const all = [
    ...(named("host") ? [] : ["Host: localhost"]),
    ...headers,
    ...(named("connection") ? [] : ["Connection: close"]),
    ...(content.length === 0 || named("content-length") || named("transfer-encoding")
      ? []
      : [`Content-Length: ${content.length}`]),
  ];
  return Buffer.concat([latin1(`${line}\r\n${all.map((header) => `${header}\r\n`).join("")}\r\n`), content]);
}

/** The body in chunks of the chunked coding. */
export function inChunks(body: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(latin1(`${part.length.toString(16)}\r\n`), part, latin1("\r\n"));
  }
  return Buffer.concat([...parts, latin1("0\r\n\r\n")]);
}
