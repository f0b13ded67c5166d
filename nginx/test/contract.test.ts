import { readFileSync } from "node:fs";
import { limits, timing } from "@deepbot/contract";
import { describe, expect, test } from "vitest";
import { errorMaps } from "../src/error-maps.ts";

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, k: 1024 };

/** Every value that a file gives to a directive: sizes in bytes, times in milliseconds. */
function valuesOf(path: string, directive: string): number[] {
  const pattern = new RegExp(String.raw`^\s*${directive} (?:\d+ )?(\d+)([smk]);$`, "gm");
  return [...read(path).matchAll(pattern)].map(([, value, unit = ""]) => Number(value) * (units[unit] ?? Number.NaN));
}

describe("nginx's configuration and packages/contract", () => {
  test("the committed error bodies are those of the error catalogue", () => {
    expect(read("conf/error-maps.conf")).toBe(errorMaps());
  });

  test("have the same limits of bodies", () => {
    expect(valuesOf("conf/nginx.conf", "client_max_body_size")).toEqual([limits.bodyMaxBytes]);
    expect(valuesOf("conf/api.conf", "client_max_body_size")).toEqual([
      limits.answerBodyMaxBytes,
      limits.answerBodyMaxBytes,
    ]);
  });

  test("a request that the server accepts fits nginx's header buffers", () => {
    const [, count = "", kilobytes = ""] =
      /large_client_header_buffers (\d+) (\d+)k;/.exec(read("conf/nginx.conf")) ?? [];
    expect(Number(kilobytes) * 1024).toBeGreaterThan(limits.targetMaxBytes);
    expect(Number(count) * Number(kilobytes) * 1024).toBeGreaterThan(limits.headersMaxBytes);
  });

  test("nginx waits for an event stream longer than its server needs for two pings", () => {
    const [streamTimeoutMs = 0, ...others] = valuesOf("conf/api.conf", "proxy_read_timeout");
    expect(others).toEqual([]);
    expect(streamTimeoutMs).toBeGreaterThan(2 * timing.pingIntervalMs);
  });

  test("nginx waits for a claim longer than a claim may wait for a run, however short the answer deadline", () => {
    const [, seconds] = /\{\{READ_TIMEOUT_SECONDS\}\}\|\$\(\(.* \/ 1000 \+ (\d+)\)\)/.exec(read("render.sh")) ?? [];
    expect(Number(seconds) * 1_000).toBeGreaterThan(limits.claimWaitMaxMs);
    expect(Number(seconds) * 1_000).toBeGreaterThan(timing.pingIntervalMs);
  });

  test("a reload of nginx cuts no stream off before the server ends it", () => {
    const [shutdownMs = 0] = valuesOf("conf/nginx.conf", "worker_shutdown_timeout");
    expect(shutdownMs).toBeGreaterThan(timing.streamMaxMs);
  });
});
