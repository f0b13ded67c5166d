import { signInPerson, testKeys } from "@deepbot/testing";
import { describe, expect, it, vi } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { claimRun, report } from "../support/worker.ts";

describe("GET /metrics", () => {
  const api = useApi();

  async function read(): Promise<string> {
    const response = await fetch(`${api.url}/metrics`, { headers: { "X-Health-Key": testKeys.health } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    return response.text();
  }

  it("is Forbidden without the operators' key", async () => {
    for (const headers of [{}, { "X-Health-Key": "wrong" }, { "X-Messages-Key": testKeys.messages }]) {
      const response = await fetch(`${api.url}/metrics`, { headers });
      expect([response.status, await response.json()]).toMatchObject([403, { detail: "Forbidden" }]);
    }
  });

  it("counts operations by name and status on both transports, and never by a name that a caller chose", async () => {
    await fetch(`${api.url}/me`);
    await fetch(`${api.url}/trpc/auth.me`);
    await fetch(`${api.url}/trpc/zq.chosen`);
    await fetch(`${api.url}/zq-chosen`);
    await vi.waitFor(async () => {
      const text = await read();
      expect(text).toMatch(/^deepbot_http_request_duration_seconds_count\{operation="auth\.me",status="401"\} 2$/m);
      expect(text).toMatch(/^deepbot_http_request_duration_seconds_count\{operation="none",status="404"\} 2$/m);
      expect(text).not.toContain("zq");
    });
  });

  it("counts each transition of a run once, by its states", async () => {
    const countOf = async (from: string, to: string): Promise<number> => {
      const line = new RegExp(`^deepbot_run_transitions_total\\{from="${from}",to="${to}"\\} (\\d+)$`, "m");
      return Number(line.exec(await read())?.[1] ?? 0);
    };
    const counts = (): Promise<number[]> =>
      Promise.all([countOf("none", "queued"), countOf("queued", "running"), countOf("running", "completed")]);
    const before = await counts();
    const person = await api.signIn();
    await startRun(person, await createDialog(person));
    await report(api, await claimRun(api), { kind: "complete", text: "hello" });
    expect(await counts()).toEqual(before.map((count) => count + 1));
  });

  it("reports the runs that are open", async () => {
    expect(await read()).not.toMatch(/^deepbot_open_runs\{/m);
    const ann = await signInPerson(api.url, "ann");
    const { body } = await ann.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" });
    await ann.call("POST", `/dialogs/${body.dialog}/runs`, { text_user: "hello" });
    const text = await read();
    expect(text).toMatch(/^deepbot_open_runs\{state="queued"\} 1$/m);
    expect(text).toMatch(/^deepbot_oldest_open_run_seconds\{state="queued"\} \d/m);
    await ann.call("POST", "/dialogs/delete", { dialog_id: body.dialog });
    expect(await read()).not.toMatch(/^deepbot_open_runs\{/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });
});
