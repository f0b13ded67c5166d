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

/** A back end that remembers what reached it. */
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

/** Starts a back end on a free port. Without a reply of its own it answers what was asked for. */
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

/** A reply that breaks the connection off once the request is there. */
export const breakOff: Reply = (res) => void res.destroy();
