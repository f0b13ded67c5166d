import { connect, type Socket } from "node:net";

/** Argument of the driver's option `socket`, which its types leave out. */
interface Endpoint {
  host: string[];
  port: number[];
  path: string | false;
}

interface Link {
  socket: Socket;
  isAwaited: () => boolean;
  bytesRead: number;
  /** When data last arrived, or when no statement was waiting; by `performance.now()`. */
  silentSince: number;
}

export interface SilenceGuard {
  /**
   * The driver's option `socket`.
   *
   * @param isAwaited whether a statement of this connection waits for its result; the patch of the driver passes it
   */
  openSocket: (endpoint: Endpoint, isAwaited: () => boolean) => Socket;
  close: () => void;
}

/**
 * Destroys a connection when a statement waits on it and no data has arrived for `limitMs`; the statement fails with
 * `ETIMEDOUT`. The driver itself would wait until TCP gives up, after about 15 minutes, and the error that
 * `statement_timeout` raises cannot get through either.
 *
 * @param limitMs longer than `statement_timeout`, so that a slow statement is not taken for a lost one
 */
export function createSilenceGuard(limitMs: number): SilenceGuard {
  const links = new Set<Link>();
  let opened = 0;

  const check = (link: Link): void => {
    const { socket, isAwaited } = link;
    const now = performance.now();
    if (socket.destroyed) links.delete(link);
    if (socket.bytesRead !== link.bytesRead || !isAwaited()) link.silentSince = now;
    link.bytesRead = socket.bytesRead;
    if (now - link.silentSince < limitMs) return;
    socket.destroy(Object.assign(new Error("The database does not respond"), { code: "ETIMEDOUT" }));
  };
  const timer = setInterval(() => links.forEach(check), limitMs / 10).unref();

  return {
    openSocket: ({ host, port, path }, isAwaited) => {
      const index = opened % host.length;
      opened += 1;
      const [name = "", number = 0] = [host[index], port[index]];
      const socket = path === false ? connect({ host: name, port: number }) : connect({ path });
      links.add({ socket, isAwaited, bytesRead: 0, silentSince: performance.now() });
      // The driver takes the name for checking the server's certificate from here.
      return Object.assign(socket, { host: name });
    },
    close: () => clearInterval(timer),
  };
}
