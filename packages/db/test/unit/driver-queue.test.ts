import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

interface Queue {
  readonly length: number;
  push: (connection: object) => object;
  shift: () => object | undefined;
  remove: (connection: object) => object | null;
}

/** The module in which the driver keeps its connections: what the patch changes cannot be reached from outside. */
const queueModule = pathToFileURL(join(createRequire(import.meta.url).resolve("postgres"), "../../../src/queue.js"));

describe("the driver's queue of connections (patches/postgres)", () => {
  let createQueue: (connections: object[]) => Queue;
  beforeAll(async () => {
    ({ default: createQueue } = (await import(queueModule.href)) as { default: typeof createQueue });
  });

  it("hands connections out in the order in which they came, without those that were removed", () => {
    const [a, b, c, d] = [{ name: "a" }, { name: "b" }, { name: "c" }, { name: "d" }];
    const queue = createQueue([a, b, c]);
    expect(queue.shift()).toBe(a);
    queue.push(d);
    expect(queue.remove(c)).toBe(c);
    expect(queue.remove(c)).toBeNull();
    queue.push(a);
    expect(queue.length).toBe(3);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([b, d, a]);
    expect(queue.length).toBe(0);
  });

  it("finds a connection as fast after millions of statements as before", () => {
    const queue = createQueue([{}, {}, {}]);
    for (let statement = 0; statement < 3_000_000; statement += 1) queue.push(queue.shift() ?? {});
    const wanted = 10_000;
    let searches = 0;
    // The published queue manages a few hundred searches in this time, the patched one needs a millisecond for all.
    for (const end = performance.now() + 1_000; searches < wanted && performance.now() < end; searches += 1)
      queue.remove({});
    expect(searches).toBe(wanted);
  });
});
