import { serve } from "@deepbot/client/worker";

serve({
  url: process.env["DEEPBOT_URL"] ?? "http://127.0.0.1:8000",
  key: process.env["DEEPBOT_KEY"] ?? "dev-messages-key",
  answer: async function* (run) {
    yield `You said: ${run.question}`;
  },
});
