import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

interface ModelMessage {
  role: string;
  content: string | null;
  tool_call_id?: string;
}

export interface ModelRequest {
  model: string;
  stream: boolean;
  tools: unknown[];
  messages: ModelMessage[];
}

export interface ModelServer {
  /** As in `OPENAI_BASE_URL`. */
  url: string;
  requests: ModelRequest[];
}

type Delta = Record<string, unknown>;

const callDelta = (index: number, fields: Delta): Delta => ({ tool_calls: [{ index, ...fields }] });

/** Two calls whose arguments come in pieces, one of them of a tool that does not exist. */
const toolCalls: Delta[] = [
  { role: "assistant", content: null },
  callDelta(0, { id: "call_a", type: "function", function: { name: "count_letter", arguments: "" } }),
  callDelta(0, { function: { arguments: '{"word": "straw' } }),
  callDelta(0, { function: { arguments: 'berry", "letter": "r"}' } }),
  callDelta(1, { id: "call_b", type: "function", function: { name: "no_such_tool", arguments: "{}" } }),
];

/** The model calls tools for a question, and repeats their results when it has them. */
function think({ messages }: ModelRequest): Delta[] {
  const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  if (results.length === 0) return toolCalls;
  return ["The tools ", "say ", results.join(" and "), "."].map((content) => ({ content }));
}

/** Starts a model server that speaks Chat Completions with tools, streamed. It is stopped at the end of the test. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await json(request)) as ModelRequest;
    requests.push(body);
    response.writeHead(request.url === "/v1/chat/completions" ? 200 : 404, { "content-type": "text/event-stream" });
    for (const delta of think(body)) response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
    response.end("data: [DONE]\n\n");
  };
  const server = createServer((request, response) => void respond(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}
