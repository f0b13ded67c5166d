import { serve } from "@deepbot/client/worker";
import { ConfigError, createLogger, type Log } from "@deepbot/runtime";
import { createOpenAiAnswerer } from "./answerers/openai-answerer.ts";
import { createRuleAnswerer } from "./answerers/rule-answerer.ts";
import { readConfig, type Config } from "./config.ts";
import { createWorkerTexts } from "./worker-texts.ts";

async function start({ production, logLevel, platform, worker, model, demoPaceMs }: Config): Promise<void> {
  const log = createLogger({ module: "ai-bridge", production, level: logLevel });
  const moduleLog = (module: string): Log => log.child({ module });
  const workerLog = moduleLog("worker");
  const answerer = model === null ? createRuleAnswerer({ paceMs: demoPaceMs }) : createOpenAiAnswerer(model);
  moduleLog("main").info(
    { event: "started", worker: worker.name, answerer: answerer.name },
    `${worker.name} serves ${platform.url} with ${answerer.name}, up to ${worker.concurrency} runs at once`,
  );
  await serve({
    ...worker,
    url: platform.url,
    key: platform.serviceKey,
    answer: ({ messages }, options) => answerer.answer(messages, options),
    texts: createWorkerTexts(workerLog),
    log: workerLog,
  }).stopped;
  moduleLog("main").info({ event: "stopped" }, "Stopped");
}

try {
  await start(readConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
