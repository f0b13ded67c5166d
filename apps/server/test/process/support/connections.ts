import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A raw connection that stays open until the server or the test ends it. */
export interface OpenConnection {
  write: (text: string) => void;
  /** All that came back so far. */
  received: () => string;
  closed: Promise<void>;
  destroy: () => void;
}

/** Connects and writes the text. */
export async function openConnection(port: number, text: string): Promise<OpenConnection> {
  const socket: Socket = connect({ port, host: "127.0.0.1" });
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString();
  });
  socket.on("error", () => undefined);
  const closed = once(socket, "close").then(() => undefined);
  await once(socket, "connect");
  socket.write(text);
  return {
    write: (more) => void socket.write(more),
    received: () => received,
    closed,
    destroy: () => socket.destroy(),
  };
}

/** A request whose body stops in the middle; `rest` completes it. */
export const halfRequest = {
  begin: (cookie: string): string =>
    `POST /dialogs/create HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{"dialog_name"`,
  rest: ':"abc"}',
};
