import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type { KeyPair } from "@deepbot/testing";
import { onTestFinished } from "vitest";
import { Webhook } from "standardwebhooks";

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  response: ServerResponse;
}

/** How a receiver responds to its requests, numbered from 0. */
export type Respond = (received: Received, number: number) => void | Promise<void>;

export interface Receiver {
  url: string;
  port: number;
  received: Received[];
}

/** Responds with a status and nothing else. */
export const respondWith =
  (status: number, headers: Record<string, string> = {}): Respond =>
  ({ response }) =>
    void response.writeHead(status, headers).end();

/** A receiver of webhooks on a port of its own, until the end of the test; over TLS if it has a certificate. */
export async function startReceiver(respond: Respond = respondWith(204), tls?: KeyPair): Promise<Receiver> {
  const received: Received[] = [];
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    void text(request)
      .then((body) => {
        const { method = "", url: path = "", headers } = request;
        received.push({ method, path, headers, body, response });
        const last = received.at(-1);
        return last === undefined ? undefined : respond(last, received.length - 1);
      })
      .catch(() => response.destroy());
  };
  const server =
    tls === undefined ? createServer(receive) : https.createServer({ cert: tls.certificate, key: tls.key }, receive);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/hook`, port, received };
}

/** The message, if the library of Standard Webhooks verifies it. @throws when it does not */
export function verify(secret: string, { headers, body }: Pick<Received, "headers" | "body">): Message {
  const strings = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return new Webhook(secret).verify(body, strings) as Message;
}

export interface Message {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
