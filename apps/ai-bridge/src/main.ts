import { serve } from "@deepbot/client/worker";
import { ConfigError, createLogger, type Log } from "@deepbot/runtime";
import { shownParts, type Answerer } from "./answerers/answerer.ts";
import { createOpenAiAnswerer } from "./answerers/model/openai-answerer.ts";
import { createRuleAnswerer } from "./answerers/rule-answerer.ts";
import { readConfig, type AssistantConfig, type Config } from "./config.ts";
import { workerNameFor } from "./worker-name.ts";
import { createWorkerTexts } from "./worker-texts.ts";

async function start({ production, logLevel, platform, worker, assistants, demoPaceMs }: Config): Promise<void> {
  const log = createLogger({ module: "ai-bridge", production, level: logLevel });
  const moduleLog = (module: string): Log => log.child({ module });
  const mainLog = moduleLog("main");
  const workerLog = moduleLog("worker");
  const answererOf = ({ model }: AssistantConfig): Answerer =>
    model === null ? createRuleAnswerer({ paceMs: demoPaceMs }) : createOpenAiAnswerer(model);

  /** A loop of its own for each assistant, so that a slow model holds up no other's questions. */
  const serveAssistant = async (assistant: AssistantConfig): Promise<void> => {
    const answerer = answererOf(assistant);
    const name = workerNameFor(worker.name, assistant);
    mainLog.info(
      { event: "started", worker: name, answerer: answerer.name, assistant: assistant.slug },
      `${name} serves ${platform.url} with ${answerer.name}, up to ${worker.concurrency} runs at once`,
    );
    await serve({
      ...worker,
      name,
      url: platform.url,
      key: platform.serviceKey,
      ...(assistant.slug === null ? {} : { assistants: [assistant.slug] }),
      answer: (run, options) => shownParts(answerer.answer(run, options)),
      texts: createWorkerTexts(workerLog),
      log: workerLog,
    }).stopped;
  };
  await Promise.all(assistants.map(serveAssistant));
  mainLog.info({ event: "stopped" }, "Stopped");
}

try {
  await start(readConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
