import { once } from "node:events";
import { request as openRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";

/** An answer, its body parsed when it says that it is JSON. */
export interface Reply<T = unknown> {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: T;
}

export interface RequestOptions {
  /** Sent as they are written: no other header is added but `Host`, `Connection` and the body's length. */
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with its content type. */
  json?: unknown;
  /** Sent byte for byte, without a content type. */
  body?: string | Buffer;
  signal?: AbortSignal;
}

/** Method and path in one: `POST /dialogs`. */
export type Target = `${string} /${string}`;

export function splitTarget(target: Target): { method: string; path: string } {
  const space = target.indexOf(" ");
  return { method: target.slice(0, space), path: target.slice(space + 1) };
}

function open(url: string, target: Target, { headers, json, signal }: RequestOptions): ClientRequest {
  const { method, path } = splitTarget(target);
  const { hostname, port } = new URL(url);
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  const options = { hostname, port, method, path, headers: { ...type, ...headers } };
  return openRequest(signal === undefined ? options : { ...options, signal });
}

/** How a request ended whose client may have gone away: `answered`, or the name of the error. */
export function outcomeOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(
    () => "answered",
    (error: unknown) => (error instanceof Error ? error.name : "unknown"),
  );
}

function parse(text: string, contentType = ""): unknown {
  return /^application\/(problem\+)?json\b/.test(contentType) && text !== "" ? JSON.parse(text) : undefined;
}

/** One request over a socket. `fetch` would add an `Accept-Language` and a content type of its own. */
export async function request<T = unknown>(
  url: string,
  target: Target,
  options: RequestOptions = {},
): Promise<Reply<T>> {
  const outgoing = open(url, target, options);
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  // Node frames no body of a DELETE by itself; the server would take it for the next request.
  if (body !== undefined && !outgoing.hasHeader("Transfer-Encoding")) {
    outgoing.setHeader("Content-Length", Buffer.byteLength(body));
  }
  outgoing.end(body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const text = await readText(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text,
    body: parse(text, incoming.headers["content-type"]) as T,
  };
}
