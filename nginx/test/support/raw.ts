import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { hostName } from "@deepbot/testing";
import type { Proxy } from "./proxy.ts";

/** A connection on which a test writes bytes as it likes. */
export interface RawConnection {
  socket: TLSSocket;
  received: () => string;
  closed: Promise<void>;
}

/** Speaks HTTP/1.1 over TLS, or what the test makes of it. */
export async function openRaw({ ports, certificate }: Proxy): Promise<RawConnection> {
  const socket = connect({ port: ports.https, host: "127.0.0.1", servername: hostName, ca: certificate });
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  // Not `once`: a connection that is reset has an error before it closes.
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  await once(socket, "secureConnect");
  return { socket, received: () => received, closed };
}

/** The status of the first answer to these bytes; null when the connection is closed without one. */
export async function statusOf(proxy: Proxy, bytes: string): Promise<number | null> {
  const { socket, received, closed } = await openRaw(proxy);
  socket.write(Buffer.from(bytes, "latin1"));
  await Promise.race([closed, once(socket, "data")]);
  socket.destroy();
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(received()) ?? [];
  return status === undefined ? null : Number(status);
}
