import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort, highRateLimits, testKeys, until } from "@deepbot/testing";

/** `deepbot` is the bundle as it goes to production, `before` that of another checkout; the others are the references. */
export type SubjectName = "deepbot" | "before" | "floor" | "floor, tokens remembered" | "fastify";

export interface Memory {
  rss: number;
  /** Heap and buffers that are in use. */
  used: number;
}

/** A measured server process. */
export interface Subject {
  name: SubjectName;
  port: number;
  pid: number;
  /** From its start to the first 200 of `/readyz`. */
  startMs: number;
  /** After a garbage collection. */
  memory: () => Promise<Memory>;
  stop: () => Promise<void>;
}

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const floor = fileOf("references/floor.ts");

const programs: Record<SubjectName, { file: string | undefined; env: Record<string, string> }> = {
  before: { file: undefined, env: {} },
  deepbot: { file: fileOf("../../apps/server/dist/server/main.js"), env: {} },
  floor: { file: floor, env: {} },
  "floor, tokens remembered": { file: floor, env: { REMEMBER_TOKENS: "1" } },
  fastify: { file: fileOf("references/fastify.ts"), env: {} },
};

/** Production settings. Nobody signs in with Google, because the bench inserts sessions as rows. */
const environment = {
  // For checkouts in which development was the default.
  NODE_ENV: "production",
  HOST: "127.0.0.1",
  API_KEY_AI: testKeys.messages,
  HEALTH_SECRET_KEY: testKeys.health,
  SECRET_KEY_JWT: testKeys.jwt,
  GOOGLE_CLIENT_ID: "bench",
  ADDRESS_FRONT: "https://chat.invalid",
  ALLOWED_HOSTS: "127.0.0.1,localhost",
  SECURE_HTTP_HTTPS: "true",
  WATCHES_PER_USER: "20000",
  QUESTIONS_PER_DAY: "1000000000",
  QUESTION_BYTES_PER_DAY: "1000000000000",
  MESSAGES_PER_DIALOG: "1000000000",
  // The same work for each request as with lower limits.
  ...highRateLimits,
};

export interface SubjectOptions {
  env: Record<string, string>;
  logFile: string;
  /** Replaces the subject's usual program. */
  program?: string | undefined;
  /** Further flags of Node, for profiles. */
  nodeFlags?: readonly string[];
}

/** Starts a subject and waits until it is ready. */
export async function startSubject(name: SubjectName, options: SubjectOptions): Promise<Subject> {
  const port = await freePort();
  const log = openSync(options.logFile, "a");
  const startedAt = performance.now();
  const flags = ["--expose-gc", "--import", fileOf("measure/probe.mjs"), ...(options.nodeFlags ?? [])];
  const { file, env } = programs[name];
  const program = options.program ?? file;
  if (program === undefined) throw new Error(`There is no program for ${name}.`);
  const child = spawn(process.execPath, [...flags, program], {
    env: { PATH: process.env["PATH"], ...environment, PORT: String(port), ...env, ...options.env },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  await until(
    `${name} is ready`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended before it was ready: see ${options.logFile}`);
      return fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    60_000,
  );
  return {
    name,
    port,
    pid: child.pid ?? 0,
    startMs: performance.now() - startedAt,
    memory: async () => {
      const told = once(child, "message");
      child.send("memory");
      const [memory] = (await told) as [Memory];
      return memory;
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}
