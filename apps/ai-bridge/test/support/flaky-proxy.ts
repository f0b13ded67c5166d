import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** A call that the platform responded to. */
export interface Passed {
  /** Such as `worker.complete`. */
  procedure: string;
  input: string;
  status: number;
}

/**
 * Changes a response of the platform on its way back: returns the body to deliver, or null to break the connection.
 *
 * @param count how many responses to this procedure came before
 */
export type Tamper = (procedure: string, body: string, count: number) => string | null;

export interface FlakyProxy {
  url: string;
  passed: Passed[];
  stop: () => Promise<void>;
}

async function forward(targetUrl: string, request: IncomingMessage, response: ServerResponse) {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const input = await text(request);
  const reply = await fetch(targetUrl + (request.url ?? ""), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-messages-key": String(request.headers["x-messages-key"]),
    },
    body: input,
    signal: gone.signal,
  });
  return { input, status: reply.status, body: await reply.text() };
}

/** Stands between a worker and the platform and tampers with the platform's responses as the test asks. */
export async function startFlakyProxy(targetUrl: string, tamper: Tamper): Promise<FlakyProxy> {
  const passed: Passed[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { input, status, body } = await forward(targetUrl, request, response);
    const procedure = request.url?.split("/").at(-1) ?? "";
    const tampered = tamper(procedure, body, passed.filter((one) => one.procedure === procedure).length);
    passed.push({ procedure, input, status });
    if (tampered === null) response.destroy();
    else response.writeHead(status, { "content-type": "application/json" }).end(tampered);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
