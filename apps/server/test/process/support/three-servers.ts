import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, testKeys, type Person } from "@deepbot/testing";
import { callInAllForms, formCount, type Outcome } from "./call-forms.ts";

export const serverCount = 3;

/** Calls that go to all servers in all forms once. */
export const callCount = serverCount * formCount;

export type Headers = Readonly<Record<string, string>>;

/** A procedure, and who calls it. */
export interface Target {
  name: string;
  headers: Headers;
}

/** Three processes on one database, which know that they share the load. */
export interface ThreeServers {
  urls: readonly string[];
  database: Database;
  signIn: (name: string) => Promise<Person>;
  /** Headers with a new key that may do all that a worker does. */
  makeKey: () => Promise<Headers>;
  /** The figure of each server. */
  readMetric: (sample: string) => Promise<number[]>;
  /**
   * Calls a procedure in all forms at all servers at one moment; gives what came of it at each.
   *
   * @param inputs one for each of the {@link callCount} calls; without them the procedure takes none
   */
  callEverywhere: (target: Target, inputs?: readonly object[]) => Promise<Outcome[][]>;
  stop: () => Promise<void>;
}

async function readSample(url: string, sample: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { "x-health-key": testKeys.health } });
  const line = (await response.text()).split("\n").find((text) => text.startsWith(`${sample} `));
  return Number(line?.slice(sample.length) ?? 0);
}

export async function startThreeServers(env: Readonly<Record<string, string>>): Promise<ThreeServers> {
  const postgres = await createTestPostgres();
  const database = await openDatabase({ engine: "postgres", url: postgres.url, maxConnections: 1 });
  const all = {
    DATABASE_URL: postgres.url,
    LOG_LEVEL: "warn",
    SERVER_COUNT: String(serverCount),
    ADMIN_EMAILS: "operator@example.com",
    ...env,
  };
  const servers = await Promise.all(Array.from({ length: serverCount }, () => startServerProcess(all)));
  const urls = servers.map(({ url }) => url);
  const signIn = (name: string): Promise<Person> => signInPerson(urls[0] ?? "", name);
  const operator = await signIn("operator");
  return {
    urls,
    database,
    signIn,
    makeKey: async () => {
      const wanted = { name: "k", scopes: ["runs", "legacy", "push"] };
      const { body } = await operator.call<{ key: string }>("POST", "/operator/keys", wanted);
      return { "x-messages-key": body.key };
    },
    readMetric: (sample) => Promise.all(urls.map((url) => readSample(url, sample))),
    callEverywhere: ({ name, headers }, inputs) =>
      Promise.all(
        urls.map((url, server) => {
          const part = inputs?.slice(server * formCount, (server + 1) * formCount);
          return callInAllForms({ url, headers }, name, part);
        }),
      ),
    stop: async () => {
      await Promise.all(servers.map((server) => server.kill()));
      await database.close();
      await postgres.drop();
    },
  };
}
