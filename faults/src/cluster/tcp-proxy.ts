import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** State of the network. Up is the direction from the client to the server. */
export interface Weather {
  /** Nothing passes, not even FIN or RST. Held bytes arrive when the hold ends. */
  hold: "none" | "up" | "down" | "both";
  /** New connections are closed at once. */
  refuse: boolean;
  /** The first byte of a reply cuts the connection: the request was served, but the reply is lost. */
  cutReplies: boolean;
  delayMs: number;
  /** Infinity for no limit. */
  bytesPerSecond: number;
}

const fair: Weather = { hold: "none", refuse: false, cutReplies: false, delayMs: 0, bytesPerSecond: Infinity };

export interface TcpProxy {
  port: number;
  /** Replaces the state; what is not named is back to normal. */
  set: (weather: Partial<Weather>) => void;
  /** Whether anything is being held at this moment. */
  isHolding: () => boolean;
  /** Resets all connections; held bytes are lost. */
  cut: () => void;
  /**
   * Freezes the open connections whose first bytes contain the label: they stay open and carry nothing any more.
   *
   * @returns how many there were
   */
  freeze: (label: string) => number;
  /** Ends the direction from the server to the client and leaves the other open. */
  halfClose: () => void;
  close: () => Promise<void>;
}

type Direction = "up" | "down";
interface Pair {
  client: Socket;
  server: Socket;
  /** First bytes from the client. */
  greeting: string;
  isFrozen: boolean;
}

/** Decides when bytes may pass. */
interface Gate {
  weather: () => Weather;
  isHolding: () => boolean;
  set: (weather: Partial<Weather>) => void;
  pass: (pair: Pair, direction: Direction, bytes: number) => Promise<void>;
}

function createGate(): Gate {
  let weather = fair;
  let held = 0;
  let cleared = Promise.withResolvers<void>();
  const isHeld = (pair: Pair, direction: Direction): boolean =>
    pair.isFrozen || weather.hold === "both" || weather.hold === direction;
  return {
    weather: () => weather,
    isHolding: () => held > 0,
    set: (changed) => {
      weather = { ...fair, ...changed };
      cleared.resolve();
      cleared = Promise.withResolvers<void>();
    },
    pass: async (pair, direction, bytes) => {
      if (weather.delayMs > 0) await delay(weather.delayMs);
      if (weather.bytesPerSecond < Infinity) await delay((bytes / weather.bytesPerSecond) * 1000);
      held += 1;
      while (isHeld(pair, direction)) await cleared.promise;
      held -= 1;
    },
  };
}

function cutPair(pair: Pair): void {
  pair.isFrozen = false;
  pair.client.resetAndDestroy();
  pair.server.resetAndDestroy();
}

async function pump(pair: Pair, direction: Direction, gate: Gate): Promise<void> {
  const [from, to] = direction === "up" ? [pair.client, pair.server] : [pair.server, pair.client];
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (direction === "up" && pair.greeting === "") pair.greeting = chunk.toString("latin1");
      await gate.pass(pair, direction, chunk.length);
      if (direction === "down" && gate.weather().cutReplies) return cutPair(pair);
      if (to.writable && !to.write(chunk)) await Promise.race([once(to, "drain"), once(to, "close")]);
    }
    await gate.pass(pair, direction, 0);
    to.end();
  } catch {
    await gate.pass(pair, direction, 0);
    // A reset, as the kernel sends it for a dead process. An orderly end would tell the peer that all data has arrived.
    to.resetAndDestroy();
  }
}

/** Forwards connections from a port of its own to `target` over a network that a scenario can break. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const gate = createGate();
  const pairs = new Set<Pair>();
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {});
    if (gate.weather().refuse) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    server.on("error", () => {});
    const pair: Pair = { client, server, greeting: "", isFrozen: false };
    pairs.add(pair);
    client.once("close", () => pairs.delete(pair));
    void pump(pair, "up", gate);
    void pump(pair, "down", gate);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    set: gate.set,
    isHolding: gate.isHolding,
    cut: () => pairs.forEach(cutPair),
    freeze: (label) => {
      const found = [...pairs].filter(({ greeting }) => greeting.includes(label));
      for (const pair of found) pair.isFrozen = true;
      return found.length;
    },
    halfClose: () => pairs.forEach(({ client }) => client.end()),
    close: async () => {
      gate.set({});
      proxy.close();
      pairs.forEach(cutPair);
      await once(proxy, "close");
    },
  };
}
