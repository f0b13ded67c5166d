import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A proxy between a client and its database. It passes everything on until it is told otherwise. */
export interface Line {
  url: string;
  /** From now on nothing gets through, and both ends stay connected. */
  silence: () => void;
  /** Ends silence. */
  open: () => void;
  /** Resets the next connection whose client sends these words, once. */
  cutOn: (words: string) => void;
  close: () => void;
}

export async function openLine(url: string): Promise<Line> {
  const target = new URL(url);
  const port = Number(target.port || 5432);
  const sockets = new Set<Socket>();
  let isSilent = false;
  let fatalWords: string | undefined;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes: Buffer) => {
        if (fatalWords !== undefined && from === near && bytes.includes(fatalWords)) {
          fatalWords = undefined;
          near.resetAndDestroy();
          return;
        }
        if (!isSilent) to.write(bytes);
      });
      from.on("close", () => to.destroy());
      from.on("error", () => {});
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  target.hostname = "127.0.0.1";
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    silence: () => {
      isSilent = true;
    },
    open: () => {
      isSilent = false;
    },
    cutOn: (words) => {
      fatalWords = words;
    },
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** "answered", or the code of the error that a statement failed with. */
export function outcomeOf(statement: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(statement).then(
    () => "answered",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}
