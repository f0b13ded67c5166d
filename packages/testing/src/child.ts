import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A process that a test or the demo started. */
export interface Child {
  pid: number;
  /** Everything that it has printed so far, on both streams. */
  output: () => string;
  signal: (name: NodeJS.Signals) => void;
  /** Resolves with the exit code, or null when a signal ended it. */
  exited: Promise<number | null>;
  /** SIGTERM, then the exit code. */
  stop: () => Promise<number | null>;
  /** SIGKILL. */
  kill: () => Promise<void>;
}

export interface ChildOptions {
  args: string[];
  cwd?: string;
  /** The whole environment but PATH and HOME, so that settings of the machine do not leak in. */
  env: Record<string, string>;
}

function follow(child: ChildProcess): Child {
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const exited = once(child, "close").then(([code]) => code as number | null);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    signal: (name) => void child.kill(name),
    exited,
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Starts a command, without a shell. */
export function startChild(command: string, { args, cwd, env }: ChildOptions): Child {
  const { PATH = "", HOME = "" } = process.env;
  return follow(spawn(command, args, { cwd, env: { PATH, HOME, ...env }, stdio: ["ignore", "pipe", "pipe"] }));
}
