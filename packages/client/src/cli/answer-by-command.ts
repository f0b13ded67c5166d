import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { AnswerError, type Answer } from "../worker/index.ts";

/** How long a command may take to end after SIGTERM. */
const killAfterMs = 2_000;

/** Characters of standard error that are kept: room for its last line. */
const stderrKept = 2_000;

/** Ends the command with all that it started: it leads a process group of its own. */
function endGroup(child: ChildProcess): void {
  const signalGroup = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group has ended already.
    }
  };
  signalGroup("SIGTERM");
  const timer = setTimeout(() => signalGroup("SIGKILL"), killAfterMs);
  child.once("close", () => clearTimeout(timer));
}

/** The last line of what the command has written to standard error so far. */
function keepLastLine(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-stderrKept);
  });
  return () => tail.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function sendQuestion(child: ChildProcess, question: object): void {
  // A command need not read its question.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(`${JSON.stringify(question)}\n`);
}

function failureOf(status: number | null, lastLine: string): AnswerError {
  const message = lastLine === "" ? `The command ended with status ${status ?? "of a signal"}.` : lastLine;
  // A command that a signal ended, such as one that took too much memory, may succeed elsewhere.
  return new AnswerError(message, { code: "command_failed", retry: status === null });
}

/**
 * Answers by a shell command, one process for each run: the run on its standard input as one line of JSON, the answer on its
 * standard output. The process group gets SIGTERM when the signal aborts, or when the answer is longer than it may be.
 */
export function answerByCommand(command: string, environment: NodeJS.ProcessEnv): Answer {
  return async function* answer({ lease_token: _secret, ...question }, { signal }) {
    const child = spawn(command, {
      env: environment,
      shell: true,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const closed: Promise<(number | null)[]> = once(child, "close");
    const lastLine = keepLastLine(child);
    const aborted = Promise.withResolvers<never>();
    // Nobody waits for either while the answer is still being read.
    for (const promise of [aborted.promise, closed]) promise.catch(() => undefined);
    const abort = (): void => {
      child.stdout.destroy();
      aborted.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    let isClosed = false;
    try {
      sendQuestion(child, question);
      yield* child.stdout.setEncoding("utf8");
      const [status = null] = await Promise.race([closed, aborted.promise]);
      isClosed = true;
      if (status !== 0) throw failureOf(status, lastLine());
    } finally {
      signal.removeEventListener("abort", abort);
      if (!isClosed) endGroup(child);
    }
  };
}
