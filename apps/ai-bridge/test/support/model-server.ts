import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const message = z.object({ role: z.string(), content: z.string() });

const requestSchema = z.object({
  model: z.string(),
  stream: z.boolean(),
  // Of chat completions.
  stream_options: z.object({ include_usage: z.boolean() }).optional(),
  messages: z.array(message).default([]),
  // Of responses.
  instructions: z.string().optional(),
  input: z.array(message).default([]),
  store: z.boolean().optional(),
});

export interface ModelUsage {
  prompt_tokens: number;
  completion_tokens: number;
}

/** How a protocol puts what a model says. */
interface Speech {
  say: (piece: string) => object;
  think: (piece: string) => object;
  /** The events of one call of a tool. */
  callTool: (tool: { id: string; name: string; arguments: string }) => object[];
  finish: (reason: string, usage: ModelUsage | undefined) => object[];
  /** Reports a failure in the middle of a stream. */
  fail: (code: string) => object;
}

/** One request to the model, with the means to respond to it. */
export interface ModelCall {
  url: string;
  headers: IncomingHttpHeaders;
  body: z.infer<typeof requestSchema>;
  /** Whether the client disconnected before the response ended. */
  isAborted: () => boolean;
  /** Sends the headers of a stream. The first event does so too. */
  open: () => void;
  /** Sends one event verbatim. */
  event: (data: string) => void;
  /** Sends pieces of text, one event for each. */
  say: (...pieces: string[]) => void;
  /** Sends pieces of reasoning, one event for each. */
  think: (...pieces: string[]) => void;
  callTool: (tool: { id: string; name: string; arguments: string }) => void;
  /** Ends the stream as a model does, with the finish reason, and the usage if given. */
  finish: (options?: { reason?: string; usage?: ModelUsage }) => void;
  /** Reports a failure, and ends the stream. */
  fail: (code: string) => void;
  /** Ends the body prematurely. */
  close: () => void;
  /** Cuts the connection. */
  cut: () => void;
  /** Responds with an error. */
  refuse: (status: number, error: Record<string, unknown>, headers?: Record<string, string>) => void;
}

/** How a model responds to its requests, numbered from 0. */
export type Behaviour = (modelCall: ModelCall, number: number) => void;

export interface ModelServer {
  /** For `OPENAI_BASE_URL`. */
  baseUrl: string;
  modelCalls: ModelCall[];
  stop: () => Promise<void>;
}

const chunk = (fields: Record<string, unknown>): object => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "tiny-1.5",
  ...fields,
});

const choice = (delta: Record<string, unknown>, reason: string | null = null): object =>
  chunk({ choices: [{ index: 0, delta, finish_reason: reason }] });

const chatCompletions: Speech = {
  say: (content) => choice({ content }),
  think: (reasoning) => choice({ reasoning_content: reasoning }),
  callTool: ({ id, name, arguments: given }) => [
    choice({ tool_calls: [{ index: 0, id, type: "function", function: { name, arguments: "" } }] }),
    choice({ tool_calls: [{ index: 0, function: { arguments: given.slice(0, 3) } }] }),
    choice({ tool_calls: [{ index: 0, function: { arguments: given.slice(3) } }] }),
  ],
  finish: (reason, usage) => [
    choice({}, reason),
    ...(usage === undefined ? [] : [chunk({ choices: [], usage: { ...usage, total_tokens: 0 } })]),
  ],
  fail: (code) => ({ error: { message: "It broke.", code } }),
};

const item = { item_id: "i1", output_index: 0, content_index: 0 };

const responses: Speech = {
  say: (delta) => ({ type: "response.output_text.delta", ...item, delta }),
  think: (delta) => ({ type: "response.reasoning_text.delta", ...item, delta }),
  callTool: ({ id, name, arguments: given }) => [
    { type: "response.output_item.added", item: { type: "function_call", call_id: id, name, arguments: "" } },
    { type: "response.function_call_arguments.delta", ...item, delta: given },
    { type: "response.output_item.done", item: { type: "function_call", call_id: id, name, arguments: given } },
  ],
  finish: (reason, usage) => [
    { type: "response.output_item.done", item: { type: "message", content: [] } },
    {
      type: reason === "stop" ? "response.completed" : "response.incomplete",
      response: {
        id: "r1",
        model: "tiny-1.5",
        incomplete_details: reason === "stop" ? null : { reason },
        usage:
          usage === undefined ? null : { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens },
      },
    },
  ],
  fail: (code) => ({ type: "response.failed", response: { error: { code, message: "It broke." } } }),
};

type Sender = Omit<ModelCall, "url" | "headers" | "body" | "isAborted">;

function speak(response: ServerResponse, speech: Speech): Sender {
  const open = (): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  };
  const event = (data: string): void => {
    open();
    response.write(`data: ${data}\n\n`);
  };
  const send = (...events: object[]): void => events.forEach((one) => event(JSON.stringify(one)));
  return {
    open,
    event,
    say: (...pieces) => send(...pieces.map(speech.say)),
    think: (...pieces) => send(...pieces.map(speech.think)),
    callTool: (tool) => send(...speech.callTool(tool)),
    finish: ({ reason = "stop", usage } = {}) => {
      send(...speech.finish(reason, usage));
      if (speech === chatCompletions) event("[DONE]");
      response.end();
    },
    fail: (code) => {
      send(speech.fail(code));
      response.end();
    },
    close: () => {
      open();
      response.end();
    },
    cut: () => void response.destroy(),
    refuse: (status, error, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ error }));
    },
  };
}

/** A local server that speaks OpenAI's chat completions and its responses, and behaves as the test wants. */
export async function startModelServer(behave: Behaviour): Promise<ModelServer> {
  const modelCalls: ModelCall[] = [];
  const server = createServer((request, response) => {
    let aborted = false;
    response.on("close", () => {
      aborted = !response.writableEnded;
    });
    void text(request).then((body) => {
      const { url = "", headers } = request;
      const modelCall: ModelCall = {
        url,
        headers,
        body: requestSchema.parse(JSON.parse(body)),
        isAborted: () => aborted,
        ...speak(response, url.endsWith("/responses") ? responses : chatCompletions),
      };
      modelCalls.push(modelCall);
      behave(modelCall, modelCalls.length - 1);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    modelCalls,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
