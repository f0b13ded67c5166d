import { connect, type Socket } from "node:net";
import { once } from "node:events";

/** A request as it goes over the wire. */
export interface Call {
  method: "GET" | "POST";
  path: string;
  /** Lines of further headers, each with its line break. */
  headers: string;
  /** JSON text. */
  body?: string;
}

export interface Reply {
  status: number;
  body: string;
}

/** One kept-alive HTTP/1.1 connection that carries one request at a time, with as little work as possible. */
export interface Connection {
  call: (call: Call) => Promise<Reply>;
  /** Sends a request whose answer is a stream; `onText` gets it piece by piece. */
  stream: (call: Call, onText: (text: string) => void) => void;
  close: () => void;
}

function format({ method, path, headers, body }: Call): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const lastChunk = Buffer.from("\r\n0\r\n\r\n");

function joinChunks(text: string): string {
  let joined = "";
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) break;
    joined += text.slice(end + 2, end + 2 + size);
    at = end + size + 4;
  }
  return joined;
}

/** The reply if all of it is here. Bytes are kept as latin1 until then, so that offsets are bytes. */
function parse(bytes: Buffer): Reply | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const body = bytes.subarray(end + 4);
  if (length !== undefined) return body.length < Number(length) ? undefined : { status, body: body.toString() };
  if (!body.subarray(-lastChunk.length).equals(lastChunk)) return undefined;
  return { status, body: Buffer.from(joinChunks(body.toString("latin1")), "latin1").toString() };
}

/** Sends the calls of one connection and hands the bytes of their answers on. */
function handle(socket: Socket): Connection {
  let received: Buffer = Buffer.alloc(0);
  let answer: PromiseWithResolvers<Reply> | undefined;
  let onText: ((text: string) => void) | undefined;
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    if (onText !== undefined) {
      onText(chunk.toString("latin1"));
      return;
    }
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const reply = parse(received);
    if (reply === undefined) return;
    received = Buffer.alloc(0);
    answer?.resolve(reply);
  });
  const fail = (): void => answer?.reject(new Error("The connection was lost."));
  socket.on("error", fail);
  socket.on("close", fail);
  return {
    call: (call) => {
      answer = Promise.withResolvers();
      socket.write(format(call));
      return answer.promise;
    },
    stream: (call, onPiece) => {
      onText = onPiece;
      socket.write(format(call));
    },
    close: () => void socket.destroy(),
  };
}

export async function openConnection(port: number): Promise<Connection> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return handle(socket);
}
