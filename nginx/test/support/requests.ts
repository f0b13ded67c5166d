import { once } from "node:events";
import { request as requestPlainly, type IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";

export interface HttpResponse {
  status: number;
  headers: IncomingMessage["headers"];
  /** How often each header occurs. */
  counts: ReadonlyMap<string, number>;
  text: string;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Where a request goes, and the certificate that nginx must present there. */
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

/** Sends one request on its own connection; resolves when the response headers have arrived. */
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
  // nginx may respond while the body is still being sent; a failed write of the rest is expected then.
  outgoing.on("error", () => undefined);
  return response;
}

async function readResponse(response: IncomingMessage): Promise<HttpResponse> {
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    counts: countHeaders(response),
    text: await text(response),
  };
}

export async function sendRequest(site: Site, path: string, options?: RequestOptions): Promise<HttpResponse> {
  return readResponse(await openRequest(site, path, options));
}

/** A GET without TLS. */
export async function sendPlainRequest(port: number, path: string, host: string): Promise<HttpResponse> {
  const outgoing = requestPlainly({ host: "127.0.0.1", port, agent: false, path, headers: { host } });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return readResponse(response);
}
