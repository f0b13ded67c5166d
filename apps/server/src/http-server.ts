import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "@deepbot/contract";
import { handleClientErrors, type OnUnserved } from "./request/client-error.ts";

/** How long open requests may take to end once the server stops. */
const drainMs = 5_000;

/** How long a connection may stay silent once the server stops. Browsers open some that they may need later. */
const silenceMs = 1_000;

/** How soon a connection that has become idle while draining is closed. */
const idleCheckMs = 50;

export interface HttpServer {
  /** @returns the port. @throws if the address is taken or does not belong to this machine */
  listen: (address: { host: string; port: number }) => Promise<number>;
  /** Accepts no more connections, lets requests finish, then closes what is left. */
  drain: () => Promise<void>;
}

export function createHttpServer(handler: RequestListener, onUnserved: OnUnserved): HttpServer {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: limits.headersMaxBytes,
      // The guard refuses a missing Host itself: Node's refusal lacks our headers.
      requireHostHeader: false,
    },
    handler,
  );
  handleClientErrors(server, onUnserved);
  server.maxConnections = 20_000;
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });

  /** Node counts a connection without a first request among the busy ones. */
  const closeSilent = (): void => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
  return {
    listen: async ({ host, port }) => {
      server.listen(port, host);
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
      return address.port;
    },
    drain: async () => {
      const closed = once(server, "close");
      server.close();
      const closeIdle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      const silence = setTimeout(closeSilent, silenceMs);
      await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
      clearInterval(closeIdle);
      clearTimeout(silence);
      server.closeAllConnections();
      await closed;
    },
  };
}
