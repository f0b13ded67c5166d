import { createClient } from "@deepbot/client";
import { serveWorker } from "@deepbot/client/worker";
import { ConfigError, createLogger, type Log } from "@deepbot/runtime";
import { shownParts, type Answerer } from "./answerers/answerer.ts";
import { createOpenAiAnswerer } from "./answerers/model/openai-answerer.ts";
import { createRuleAnswerer } from "./answerers/rule-answerer.ts";
import { readConfig, type AssistantConfig, type Config } from "./config.ts";
import { isOffered, workerNameFor } from "./served-assistants.ts";
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

async function start({ production, logLevel, platform, worker, assistants, demoPaceMs }: Config): Promise<void> {
  const log = createLogger({ module: "ai-bridge", production, level: logLevel });
  const moduleLog = (module: string): Log => log.child({ module });
  const mainLog = moduleLog("main");
  const workerLog = moduleLog("worker");
  const stop = stopOnSignal(mainLog);
  const client = createClient({ url: platform.url, headers: () => ({ "x-messages-key": platform.serviceKey }) });
  const answererOf = ({ model }: AssistantConfig): Answerer =>
    model === null ? createRuleAnswerer({ paceMs: demoPaceMs }) : createOpenAiAnswerer(model);

  /** A loop of its own for each assistant, so that a slow model holds up no other's questions. */
  const serve = async (assistant: AssistantConfig): Promise<void> => {
    const answerer = answererOf(assistant);
    const name = workerNameFor(worker.name, assistant);
    mainLog.info(
      { event: "started", worker: name, answerer: answerer.name, assistant: assistant.slug },
      `${name} serves ${platform.url} with ${answerer.name}, up to ${worker.concurrency} runs at once`,
    );
    await serveWorker(
      {
        ...worker,
        name,
        client,
        answer: ({ messages }, options) => shownParts(answerer.answer(messages, options)),
        texts: createWorkerTexts(workerLog),
        log: workerLog,
      },
      stop,
    );
  };
  for (const { slug } of assistants.filter((assistant) => !isOffered(assistant))) {
    mainLog.warn({ event: "assistant_not_served", assistant: slug }, `The platform has no runs for assistant ${slug}`);
  }
  await Promise.all(assistants.filter(isOffered).map(serve));
  mainLog.info({ event: "stopped" }, "Stopped");
}

try {
  await start(readConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
