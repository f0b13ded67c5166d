import { once } from "node:events";
import { until, type ServerProcess } from "@deepbot/testing";

const repository = new URL("../../../../", import.meta.url).href;

/** Source files that serve requests: those of the server and of the packages below it. */
const ownSource = /^(?:apps\/server|packages\/(?:api|contract|db|live|runtime))\/src\//;

/** Environment for a server whose executed files can be asked for. */
export const inspected = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

interface CoveredScript {
  url: string;
  functions: { ranges: { count: number }[] }[];
}

/** Sends a command of the inspector's protocol. @see https://chromedevtools.github.io/devtools-protocol/v8/Profiler/ */
type Send = (method: string, params?: object) => Promise<{ result?: CoveredScript[] }>;

async function connect(server: ServerProcess): Promise<{ send: Send; close: () => void }> {
  const url = await until("the inspector listens", () => /ws:\/\/\S+/.exec(server.output())?.[0]);
  const socket = new WebSocket(url);
  await once(socket, "open");
  let lastId = 0;
  const send: Send = async (method, params = {}) => {
    lastId += 1;
    socket.send(JSON.stringify({ id: lastId, method, params }));
    const [{ data }] = (await once(socket, "message")) as [{ data: string }];
    return (JSON.parse(data) as { result: { result?: CoveredScript[] } }).result;
  };
  return { send, close: () => socket.close() };
}

function pathsOf(scripts: readonly CoveredScript[]): string[] {
  return scripts
    .filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
    .map(({ url }) => (url.startsWith(repository) ? url.slice(repository.length) : url))
    .filter((path) => ownSource.test(path))
    .toSorted();
}

/**
 * Our own source files of which the server runs a function during an action. Its timers may add files, so the shortest
 * list of several attempts counts.
 *
 * @param server was started with the environment `inspected`
 * @param act sends one request and returns once its effect has arrived
 */
export async function executedFiles(server: ServerProcess, act: () => Promise<unknown>): Promise<string[]> {
  const { send, close } = await connect(server);
  await send("Profiler.enable");
  await send("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const lists: string[][] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await act();
    await send("Profiler.takePreciseCoverage");
    await act();
    const { result = [] } = await send("Profiler.takePreciseCoverage");
    lists.push(pathsOf(result));
  }
  close();
  return lists.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
