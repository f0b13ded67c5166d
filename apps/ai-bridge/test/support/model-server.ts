import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const requestSchema = z.object({
  model: z.string(),
  stream: z.boolean(),
  stream_options: z.object({ include_usage: z.boolean() }),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});

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
  /** Ends the stream as a model does: finish reason, usage if given, and `[DONE]`. */
  finish: (options?: { reason?: string; usage?: { prompt_tokens: number; completion_tokens: number } }) => void;
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

const chunk = (fields: Record<string, unknown>): string =>
  JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: "tiny-1.5", ...fields });

const choice = (delta: Record<string, unknown>, reason: string | null = null): { choices: unknown[] } => ({
  choices: [{ index: 0, delta, finish_reason: reason }],
});

function speak(response: ServerResponse): Omit<ModelCall, "url" | "headers" | "body" | "isAborted"> {
  const open = (): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  };
  const event = (data: string): void => {
    open();
    response.write(`data: ${data}\n\n`);
  };
  return {
    open,
    event,
    say: (...pieces) => pieces.forEach((content) => event(chunk(choice({ content })))),
    finish: ({ reason = "stop", usage } = {}) => {
      event(chunk(choice({}, reason)));
      if (usage !== undefined) event(chunk({ choices: [], usage: { ...usage, total_tokens: 0 } }));
      event("[DONE]");
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

/** A local server that speaks OpenAI's chat completions and behaves as the test wants. */
export async function startModelServer(behave: Behaviour): Promise<ModelServer> {
  const modelCalls: ModelCall[] = [];
  const server = createServer((request, response) => {
    let aborted = false;
    response.on("close", () => {
      aborted = !response.writableEnded;
    });
    void text(request).then((body) => {
      const modelCall: ModelCall = {
        url: request.url ?? "",
        headers: request.headers,
        body: requestSchema.parse(JSON.parse(body)),
        isAborted: () => aborted,
        ...speak(response),
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
