import { connect, type Socket } from "node:net";
import type postgres from "postgres";

/** What the driver's option `socket` is called with, for each connection. The option is missing in the driver's types. */
interface Endpoint {
  host: string[];
  port: number[];
  path: string | false;
}

interface Link {
  socket: Socket;
  bytesRead: number;
  heardAt: number;
}

export interface SilenceGuard {
  /** The driver's option `socket`. */
  openSocket: (endpoint: Endpoint) => Socket;
  /** Watches every statement that the client is given from now on. */
  watch: (client: postgres.Sql) => void;
  close: () => void;
}

/**
 * Ends connections on which a statement is waiting for a database that says nothing any more. The driver itself would
 * wait until TCP gives up, a quarter of an hour later; the database's `statement_timeout` cannot be heard either.
 *
 * @param limitMs longer than `statement_timeout`, so that a slow statement is not taken for a lost one. Its statements fail
 * with `ETIMEDOUT`.
 */
export function createSilenceGuard(limitMs: number): SilenceGuard {
  const links = new Set<Link>();
  const unansweredSince = new Map<PromiseLike<unknown>, number>();
  let opened = 0;

  const dropSilent = (): void => {
    const now = performance.now();
    for (const link of links) {
      if (link.socket.destroyed) links.delete(link);
      if (link.bytesRead !== link.socket.bytesRead) link.heardAt = now;
      link.bytesRead = link.socket.bytesRead;
    }
    const [oldest = now] = unansweredSince.values();
    if (now - oldest < limitMs) return;
    // Which connection the statement waits on is known to the driver alone; one that is merely idle loses nothing.
    for (const { socket, heardAt } of links) {
      if (now - heardAt < limitMs) continue;
      socket.destroy(Object.assign(new Error("The database says nothing"), { code: "ETIMEDOUT" }));
    }
  };
  const timer = setInterval(dropSilent, limitMs / 10).unref();

  return {
    openSocket: ({ host, port, path }) => {
      const index = opened % host.length;
      opened += 1;
      const [name = "", number = 0] = [host[index], port[index]];
      const socket = path === false ? connect({ host: name, port: number }) : connect({ path });
      links.add({ socket, bytesRead: 0, heardAt: performance.now() });
      // The driver reads the name for the check of the certificate from here.
      return Object.assign(socket, { host: name });
    },
    watch: (client) => {
      const unsafe = new Proxy(client.unsafe.bind(client), {
        apply: (send: postgres.Sql["unsafe"], self, input: Parameters<typeof send>) => {
          const statement = send.apply(self, input);
          unansweredSince.set(statement, performance.now());
          const forget = (): boolean => unansweredSince.delete(statement);
          // Not at once: to listen to a statement is to send it, and its caller may still say how.
          queueMicrotask(() => void statement.then(forget, forget));
          return statement;
        },
      });
      Object.assign(client, { unsafe });
    },
    close: () => clearInterval(timer),
  };
}
