import { once } from "node:events";
import { connect } from "node:net";
import { startServerProcess } from "@deepbot/testing";
import { createProcessDatabase } from "@deepbot/testing/database";
import { expect, test } from "vitest";
import { productionEnv } from "./support/environment.ts";

type Line = Record<string, unknown>;

/** Sends requests over one connection without waiting for responses in between, and waits for all of them. */
async function flood(port: number, requests: readonly string[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const answered = new Promise<void>((resolve, reject) => {
    let responses = 0;
    let rest = "";
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString("latin1")).split("HTTP/1.1 ");
      responses += parts.length - 1;
      // The next chunk may complete a status line.
      rest = parts.at(-1)?.slice(-8) ?? "";
      if (responses === requests.length) resolve();
    });
  });
  for (const request of requests) if (!socket.write(request)) await once(socket, "drain");
  await answered;
  socket.destroy();
}

const host = "Host: 127.0.0.1";
const batch = Array.from({ length: 10 }, (_, index) => `zq${index}${"x".repeat(385)}`).join(",");

/** What a stranger can be refused for, as loudly as possible. */
const refused = [
  `GET /trpc/${batch}?batch=1&input=%7B%7D HTTP/1.1\r\n${host}\r\n\r\n`,
  `GET /zq${"x".repeat(4_000)} HTTP/1.1\r\n${host}\r\nX-Request-Id: ${"r".repeat(128)}\r\n\r\n`,
  `GET /me HTTP/1.1\r\n${host}\r\nCookie: access_token=zq\r\n\r\n`,
  `GET /messages HTTP/1.1\r\n${host}\r\nX-Messages-Key: zq\r\n\r\n`,
  `POST /worker/claim HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`,
  `GET /config HTTP/1.1\r\n${host}\r\n\r\n`,
  `PUT /dialogs HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`,
  `POST /create/users HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{`,
];

test("ten thousand requests of a stranger leave less than a megabyte of log", { timeout: 180_000 }, async () => {
  const database = await createProcessDatabase();
  const server = await startServerProcess({ ...productionEnv, ...database.env });
  await flood(
    server.port,
    Array.from({ length: 10_000 }, (_, index) => refused[index % refused.length] ?? ""),
  );
  await server.stop();
  await database.drop();
  const output = server.output();
  expect(output.length).toBeLessThan(100_000);
  const lines = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const isRequest = ({ event, address }: Line): boolean =>
    (event === "request" || event === "request_refused") && address === "127.0.0.1";
  const counted = lines
    .filter(({ event, subject }) => event === "lines_suppressed" && String(subject).startsWith("request "))
    .reduce((sum, { count }) => sum + Number(count), 0);
  // Nothing is lost: each is either written or counted. The probes of the test's own start are among them.
  expect(lines.filter(isRequest).length + counted).toBeGreaterThanOrEqual(10_000);
});
