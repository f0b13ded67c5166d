import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves certificates on loopback, well or badly. */
export interface CertificateServer {
  url: string;
  fetches: () => number;
  /** The response to each request from now on. */
  answerWith: (answer: (res: ServerResponse) => void) => void;
  close: () => Promise<void>;
}

export async function startCertificateServer(answer: (res: ServerResponse) => void): Promise<CertificateServer> {
  let current = answer;
  let fetches = 0;
  const server = createServer((_req, res) => {
    fetches += 1;
    current(res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    fetches: () => fetches,
    answerWith: (next) => {
      current = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Responds with JSON that may be cached for `maxAge` seconds. */
export function respondJson(value: unknown, maxAge?: number): (res: ServerResponse) => void {
  return (res) => {
    const caching = maxAge === undefined ? {} : { "Cache-Control": `public, max-age=${maxAge}, must-revalidate` };
    res.writeHead(200, { "Content-Type": "application/json; charset=utf-8", ...caching });
    res.end(JSON.stringify(value));
  };
}
