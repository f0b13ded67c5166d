import { connect, type Socket } from "node:net";

/** What the driver's option `socket` is called with, for each connection. The option is missing in the driver's types. */
interface Endpoint {
  host: string[];
  port: number[];
  path: string | false;
}

interface Link {
  socket: Socket;
  isAwaited: () => boolean;
  bytesRead: number;
  /** When it was last seen to have said something, or to have nothing to say. */
  silentSince: number;
}

export interface SilenceGuard {
  /**
   * The driver's option `socket`.
   *
   * @param isAwaited whether a statement on this connection has no answer yet; the driver's patch passes it
   */
  openSocket: (endpoint: Endpoint, isAwaited: () => boolean) => Socket;
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
  let opened = 0;

  const look = (link: Link): void => {
    const { socket, isAwaited } = link;
    const now = performance.now();
    if (socket.destroyed) links.delete(link);
    if (socket.bytesRead !== link.bytesRead || !isAwaited()) link.silentSince = now;
    link.bytesRead = socket.bytesRead;
    if (now - link.silentSince < limitMs) return;
    socket.destroy(Object.assign(new Error("The database says nothing"), { code: "ETIMEDOUT" }));
  };
  const timer = setInterval(() => links.forEach(look), limitMs / 10).unref();

  return {
    openSocket: ({ host, port, path }, isAwaited) => {
      const index = opened % host.length;
      opened += 1;
      const [name = "", number = 0] = [host[index], port[index]];
      const socket = path === false ? connect({ host: name, port: number }) : connect({ path });
      links.add({ socket, isAwaited, bytesRead: 0, silentSince: performance.now() });
      // The driver reads the name for the check of the certificate from here.
      return Object.assign(socket, { host: name });
    },
    close: () => clearInterval(timer),
  };
}
