import { serviceKeyScopes } from "@deepbot/contract";
import { describe, expect, it } from "vitest";
import { accessErrors } from "../../src/access.ts";
import { appRouter } from "../../src/router.ts";
import type { Meta } from "../../src/trpc.ts";

const procedures = Object.entries(appRouter._def.procedures).map(([name, procedure]) => {
  const { meta = {} } = (procedure as unknown as { _def: { meta?: Meta } })._def;
  return { name, ...meta };
});

const forWorkers = procedures.filter(({ access = "" }) => access.includes("worker"));

describe("every procedure", () => {
  it.each(procedures)("$name declares its actor", ({ access }) => {
    expect(Object.keys(accessErrors)).toContain(access);
  });

  it.each(forWorkers)("$name declares the scopes of its key", ({ scopes = [] }) => {
    expect(scopes).not.toEqual([]);
    expect(serviceKeyScopes).toEqual(expect.arrayContaining([...scopes]));
  });

  it("that no worker may call declares no scope", () => {
    const others = procedures.filter(({ access = "", scopes }) => !access.includes("worker") && scopes !== undefined);
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  it("for workers is one of these", () => {
    const declared = Object.fromEntries(forWorkers.map(({ name, scopes = [] }) => [name, scopes.join()]));
    expect(declared).toEqual({
      "messages.pending": "legacy",
      "messages.reply": "legacy,push",
      "worker.claim": "runs",
      "worker.heartbeat": "runs",
      "worker.append": "runs",
      "worker.complete": "runs",
      "worker.fail": "runs",
      "worker.release": "runs",
      "worker.stats": "runs",
    });
  });
});
