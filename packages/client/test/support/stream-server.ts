import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { RunEvent } from "@deepbot/contract";
import { onTestFinished } from "vitest";

/** One event stream: its events, after which it stays open unless it breaks; or the status that refuses it. */
export type StreamScript = { events: RunEvent[]; breaks?: true } | { status: number };

export interface StreamServer {
  url: string;
  /** `lastEventId` is "" for a request without that header. */
  requests: { path: string; lastEventId: string; cookie: string | undefined }[];
}

interface Scripts {
  /** One for each stream; the last one serves all that follow. */
  streams: StreamScript[];
  /** The response to `runs.get`: a run, or an error's code and status. */
  run: () => object;
}

const idOf = (event: RunEvent): string => (event.type === "end" ? "end" : `1-${"seq" in event ? event.seq : 0}`);

function serveStream(response: ServerResponse, script: StreamScript | undefined): void {
  if (script === undefined || "status" in script) {
    response.writeHead(script?.status ?? 500).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 10\n\nevent: connected\ndata: {}\n\n");
  for (const event of script.events) response.write(`id: ${idOf(event)}\ndata: ${JSON.stringify(event)}\n\n`);
  if (script.breaks === true) response.end();
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { scripts, seen }: { scripts: Scripts; seen: StreamServer["requests"] },
): void {
  const url = new URL(request.url ?? "", "http://platform.test");
  const streamsBefore = seen.filter(({ path }) => path === "/trpc/runs.watch").length;
  const lastEventId = String(request.headers["last-event-id"] ?? "");
  seen.push({ path: url.pathname, lastEventId, cookie: request.headers.cookie });
  if (url.pathname === "/trpc/runs.watch") {
    serveStream(response, scripts.streams[Math.min(streamsBefore, scripts.streams.length - 1)]);
    return;
  }
  response.writeHead(200, { "content-type": "application/json", "set-cookie": "access_token=abc; Path=/" });
  response.end(JSON.stringify(url.searchParams.has("batch") ? [scripts.run()] : { result: { data: {} } }));
}

/** A server on loopback that speaks tRPC's event streams and sets a cookie with every other response. */
export async function startStreamServer(scripts: Scripts): Promise<StreamServer> {
  const requests: StreamServer["requests"] = [];
  const server = createServer((request, response) => serve(request, response, { scripts, seen: requests }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests };
}
