import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { hostName } from "@deepbot/testing";
import type { Proxy } from "./proxy.ts";

/** A connection on which a test writes any bytes. */
export interface RawConnection {
  socket: TLSSocket;
  received: () => string;
  closed: Promise<void>;
}

/** Opens a TLS connection to nginx. */
export async function openRaw({ ports, certificate }: Proxy): Promise<RawConnection> {
  const socket = connect({ port: ports.https, host: "127.0.0.1", servername: hostName, ca: certificate });
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  // `once` would reject: a connection that is reset emits an error before it closes.
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  await once(socket, "secureConnect");
  return { socket, received: () => received, closed };
}

/** Status of the first response to these bytes; null when the connection closes without one. */
export async function statusOf(proxy: Proxy, bytes: string): Promise<number | null> {
  const { socket, received, closed } = await openRaw(proxy);
  socket.write(Buffer.from(bytes, "latin1"));
  await Promise.race([closed, once(socket, "data")]);
  socket.destroy();
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(received()) ?? [];
  return status === undefined ? null : Number(status);
}
