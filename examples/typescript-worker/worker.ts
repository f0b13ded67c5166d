import { serve } from "@deepbot/client/worker";

/** Put your model into `answer`. */
serve({
  url: process.env["DEEPBOT_URL"] ?? "http://127.0.0.1:8000",
  key: process.env["DEEPBOT_KEY"] ?? "dev-messages-key",
  answer: async function* (run) {
    yield "Hello from TypeScript! ";
    yield `You wrote: ${run.question}`;
  },
});
