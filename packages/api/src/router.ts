import { accountRouter } from "./account/procedures.ts";
import { dialogsRouter } from "./dialogs/procedures.ts";
import { authRouter } from "./identity/procedures.ts";
import { sessionsRouter } from "./identity/session-procedures.ts";
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
  dialogs: dialogsRouter,
  messages: messagesRouter,
  runs: runsRouter,
  worker: workerRouter,
  webhooks: webhooksRouter,
  health: healthRouter,
});

export type AppRouter = typeof appRouter;
