import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server that records the requests that reach it. */
export interface StandIn {
  address: string;
  received: Received[];
  close: () => Promise<void>;
}

export type Reply = (res: ServerResponse, request: Received) => void;

const plainReply: Reply = (res, { method, target }) => {
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify({ method, target }));
};

/** Starts a server on a free port. By default it replies with the method and target of the request. */
export async function startStandIn(reply: Reply = plainReply): Promise<StandIn> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const { method = "", url: target = "", headers } = req;
    void text(req).then(
      (body) => {
        const request = { method, target, headers, body };
        received.push(request);
        reply(res, request);
      },
      () => undefined,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    received,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Breaks the connection instead of replying. */
export const breakOff: Reply = (res) => void res.destroy();
