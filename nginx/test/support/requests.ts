import { once } from "node:events";
import { request as requestPlainly, type IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";

export interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  /** How many times each header came. */
  counts: ReadonlyMap<string, number>;
  text: string;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Where a request goes, and the certificate that must be presented there. */
export interface Site {
  port: number;
  certificate: string;
  host: string;
}

function countHeaders({ rawHeaders }: IncomingMessage): Map<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Sends one request on a connection of its own; resolves when the headers of the answer are there. */
export async function openRequest(
  { port, certificate, host }: Site,
  path: string,
  { method = "GET", headers = {}, body }: RequestOptions = {},
): Promise<IncomingMessage> {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    servername: host,
    ca: certificate,
    agent: false,
    method,
    path,
    headers: { host, ...headers },
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  // An answer may come while the body is still on its way; that the rest was not taken is no news then.
  outgoing.on("error", () => undefined);
  return response;
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    counts: countHeaders(response),
    text: await text(response),
  };
}

export async function sendRequest(site: Site, path: string, options?: RequestOptions): Promise<Answer> {
  return readAnswer(await openRequest(site, path, options));
}

/** A GET without TLS. */
export async function sendPlainRequest(port: number, path: string, host: string): Promise<Answer> {
  const outgoing = requestPlainly({ host: "127.0.0.1", port, agent: false, path, headers: { host } });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return readAnswer(response);
}
