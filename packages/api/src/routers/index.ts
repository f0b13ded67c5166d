import { router } from "../trpc.ts";
import { accountRouter } from "./account.ts";
import { authRouter } from "./auth.ts";
import { configRouter } from "./config.ts";
import { dialogsRouter } from "./dialogs.ts";
import { healthRouter } from "./health.ts";
import { messagesRouter } from "./messages.ts";
import { runsRouter } from "./runs.ts";
import { sessionsRouter } from "./sessions.ts";
import { workerRouter } from "./worker.ts";

/** One tree behind both doors: every procedure is a tRPC call and a REST operation. */
export const appRouter = router({
  auth: authRouter,
  sessions: sessionsRouter,
  account: accountRouter,
  config: configRouter,
  dialogs: dialogsRouter,
  messages: messagesRouter,
  runs: runsRouter,
  worker: workerRouter,
  health: healthRouter,
});

export type AppRouter = typeof appRouter;
