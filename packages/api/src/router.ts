import { accountRouter } from "./account/procedures.ts";
import { assistantsRouter } from "./assistants/procedures.ts";
import { dialogsRouter } from "./dialogs/procedures.ts";
import { authRouter } from "./identity/procedures.ts";
import { sessionsRouter } from "./identity/session-procedures.ts";
import { keysRouter } from "./keys/key-procedures.ts";
import { tokensRouter } from "./keys/token-procedures.ts";
import { messagesRouter } from "./messages/procedures.ts";
import { configRouter, healthRouter } from "./operations/procedures.ts";
import { runsRouter } from "./runs/procedures.ts";
import { workerRouter } from "./runs/worker-procedures.ts";
import { router } from "./trpc.ts";
import { webhooksRouter } from "./webhooks/procedures.ts";

/** One tree behind both transports: every procedure is a tRPC call and a REST operation. */
export const appRouter = router({
  auth: authRouter,
  sessions: sessionsRouter,
  account: accountRouter,
  config: configRouter,
  assistants: assistantsRouter,
  dialogs: dialogsRouter,
  messages: messagesRouter,
  runs: runsRouter,
  worker: workerRouter,
  keys: keysRouter,
  tokens: tokensRouter,
  webhooks: webhooksRouter,
  health: healthRouter,
});

export type AppRouter = typeof appRouter;
