import { createClient } from "@deepbot/client";
import { serveWorker } from "@deepbot/client/worker";
import { ConfigError, createLogger, type Log } from "@deepbot/runtime";
import { createOpenAiAnswerer } from "./answerers/openai-answerer.ts";
import { createRuleAnswerer } from "./answerers/rule-answerer.ts";
import { readConfig, type Config } from "./config.ts";
import { createWorkerTexts } from "./worker-texts.ts";

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** Aborts at the first signal to stop. The handlers are removed then, so that a second signal ends the process. */
function stopOnSignal(log: Log): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    for (const signal of stopSignals) process.off(signal, stop);
    log.info({ event: "stopping" }, `Stopping on ${name}`);
    controller.abort();
  };
  for (const signal of stopSignals) process.on(signal, stop);
  return controller.signal;
}

async function start({ production, logLevel, platform, worker, model, demoPaceMs }: Config): Promise<void> {
  const log = createLogger({ module: "ai-bridge", production, level: logLevel });
  const moduleLog = (module: string): Log => log.child({ module });
  const workerLog = moduleLog("worker");
  const answerer = model === null ? createRuleAnswerer({ paceMs: demoPaceMs }) : createOpenAiAnswerer(model);
  const stop = stopOnSignal(moduleLog("main"));
  moduleLog("main").info(
    { event: "started", worker: worker.name, answerer: answerer.name },
    `${worker.name} serves ${platform.url} with ${answerer.name}, up to ${worker.concurrency} runs at once`,
  );
  await serveWorker(
    {
      ...worker,
      client: createClient({ url: platform.url, headers: () => ({ "x-messages-key": platform.serviceKey }) }),
      answer: ({ messages }, options) => answerer.answer(messages, options),
      texts: createWorkerTexts(workerLog),
      log: workerLog,
    },
    stop,
  );
  moduleLog("main").info({ event: "stopped" }, "Stopped");
}

try {
  await start(readConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
