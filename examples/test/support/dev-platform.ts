import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, until } from "@deepbot/testing";

export const repositoryRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

const { PATH = "", HOME = "" } = process.env;

/**
 * The PATH of a terminal. That of a package script begins with the repository's own Node, whose npm looks for its global
 * configuration in another folder.
 */
export const terminalPath: string = PATH.split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);

/** Everything that `run dev` starts, on ports and a database of its own. */
export interface DevPlatform {
  serverUrl: string;
  pagesUrl: string;
  output: () => string;
  /** Ctrl-C. Resolves when every process has exited. */
  stop: () => Promise<void>;
}

const isOk = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * Runs the command of the README that starts the platform, and waits until server, pages and sample worker are ready.
 *
 * @throws with the output when they do not get ready
 */
export async function startDevPlatform(command: string): Promise<DevPlatform> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-dev-"));
  const [port, webPort] = [await freePort(), await freePort()];
  const serverUrl = `http://localhost:${port}`;
  const pagesUrl = `http://localhost:${webPort}`;
  const ports = { PORT: String(port), WEB_PORT: String(webPort), DEEPBOT_URL: `http://127.0.0.1:${port}` };
  // A process group of its own, which Ctrl-C in a terminal would reach as a whole.
  const child = spawn("bash", ["-c", command], {
    cwd: repositoryRoot,
    detached: true,
    env: { PATH: terminalPath, HOME, ...ports, DATABASE_FOLDER: join(folder, "db"), TURBO_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const exited = once(child, "close");
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
  };
  const stop = async (): Promise<void> => {
    signal("SIGINT");
    const force = setTimeout(() => signal("SIGKILL"), 30_000);
    await exited;
    clearTimeout(force);
    await rm(folder, { recursive: true, force: true });
  };
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error("It exited.");
    return /Connected to the platform/.test(output) && (await isOk(`${serverUrl}/readyz`)) && isOk(pagesUrl);
  };
  try {
    await until("`run dev` is ready", isReady, 240_000);
  } catch (error) {
    await stop();
    throw new Error(`\`run dev\` did not get ready:\n${output}`, { cause: error });
  }
  return { serverUrl, pagesUrl, output: () => output, stop };
}
