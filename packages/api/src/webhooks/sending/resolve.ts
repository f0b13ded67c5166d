import { promises, type LookupAddress } from "node:dns";

/** Finds all addresses of a host. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** `timeout` in milliseconds, for each name server; it doubles with the second try. */
const defaultQueries = { timeout: 2_000, tries: 2 };

/** DNS does not know the name, or there is no DNS. A name server that is silent or fails has other codes. */
const unknownCodes = new Set(["ENOTFOUND", "ENODATA", "ECONNREFUSED"]);

const isUnknown = (error: unknown): boolean =>
  error instanceof Error && "code" in error && unknownCodes.has(String(error.code));

/** A name that only the machine itself or its network knows. */
const isLocalName = (hostname: string): boolean => !hostname.includes(".") || hostname.endsWith(".localhost");

/**
 * Asks DNS. It needs no thread, so a name server that is silent holds up no other name. IPv4 comes first.
 *
 * @param servers with their ports; by default those of the machine, as they are at each look-up
 */
export function createResolveByDns(servers?: readonly string[], queries = defaultQueries): Resolve {
  return async (hostname) => {
    const resolver = new promises.Resolver(queries);
    if (servers !== undefined) resolver.setServers(servers);
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = answers.flatMap((answer, index) =>
      answer.status === "fulfilled" ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
    );
    if (found.length > 0) return found;
    const errors = answers.map((answer): unknown => (answer.status === "rejected" ? answer.reason : undefined));
    throw errors.find((error) => !isUnknown(error)) ?? errors[0];
  };
}

/**
 * Asks the machine, which has a hosts file and search domains. It takes a thread until the name server answers, and a process
 * has two for look-ups: the database's and all others wait for them.
 *
 * @see https://github.com/libuv/libuv/blob/v1.x/src/threadpool.c `slow_work_thread_threshold`
 */
const resolveBySystem: Resolve = (hostname) => promises.lookup(hostname, { all: true });

/** Runs one look-up at a time. */
function oneAtATime(resolve: Resolve): Resolve {
  let last: Promise<unknown> = Promise.resolve();
  return (hostname) => {
    const found = last.then(() => resolve(hostname));
    last = found.catch(() => {});
    return found;
  };
}

/** Gives those who ask for the same name at the same time one answer. */
function shared(resolve: Resolve): Resolve {
  const underWay = new Map<string, Promise<LookupAddress[]>>();
  return (hostname) => {
    const found = underWay.get(hostname) ?? resolve(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, found);
    return found;
  };
}

/** Asks DNS for a name, and the machine for what DNS cannot know or does not. */
export function createResolve({ byDns = createResolveByDns(), bySystem = resolveBySystem } = {}): Resolve {
  const askSystem = oneAtATime(bySystem);
  return shared(async (hostname) => {
    if (isLocalName(hostname)) return askSystem(hostname);
    try {
      return await byDns(hostname);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      return askSystem(hostname);
    }
  });
}
