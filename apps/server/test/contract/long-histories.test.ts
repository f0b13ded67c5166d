import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { runSql, useApi, type Person } from "../support/api.ts";
import { createDialog } from "../support/dialogs.ts";
import { request } from "../support/http.ts";

interface Dialog {
  server: string;
  dialogs: { role: string; content: string; message_id: number; created_at: string; partial: boolean }[];
}

describe("a long history", () => {
  const api = useApi();

  /** A dialog of some megabytes. */
  const talk = async (): Promise<{ person: Person; dialogId: number }> => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await runSql(
      api.database,
      `insert into messages (dialog_id, user_id, content, seq)
       select ${dialogId}, case seq % 2 when 0 then 1 else ${person.userId} end, seq || repeat(' "ж"', 10000), seq
       from generate_series(1, 60) as seq`,
    );
    await runSql(api.database, `update dialogs set last_seq = 60 where dialog_id = ${dialogId}`);
    return { person, dialogId };
  };
  const expectWhole = ({ server, dialogs }: Dialog): void => {
    expect(server).toBe("ok");
    expect(dialogs.map(({ role, content }) => [role, Number.parseInt(content, 10), content.length])).toEqual(
      Array.from({ length: 60 }, (_, index) => [
        index % 2 === 0 ? "user" : "bot",
        index + 1,
        40_000 + String(index + 1).length,
      ]),
    );
  };

  it("comes whole, in the very bytes of the original: keys in their order, no space between", async () => {
    const { person, dialogId } = await talk();
    const { status, headers, text, body } = await person.call<Dialog>(`GET /dialogs/${dialogId}`);
    expect([status, headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    expect(headers["content-length"]).toBeUndefined();
    expectWhole(body);
    expect(text === JSON.stringify(body)).toBe(true);
    expect(Object.keys(body.dialogs[0] ?? {})).toEqual(["role", "content", "message_id", "created_at", "partial"]);
  });

  it("comes whole over tRPC too: alone, in batches and as lines", async () => {
    const { person, dialogId } = await talk();
    const headers = { Cookie: person.cookie };
    const read = async <T>(names: string, input: unknown, more: object = {}): Promise<T> => {
      const target = `GET /trpc/${names}input=${encodeURIComponent(JSON.stringify(input))}` as const;
      const { status, text } = await request(api.url, target, { headers: { ...headers, ...more } });
      expect(status).toBe(200);
      return JSON.parse(text) as T;
    };
    type Envelope = { result: { data: Dialog } };
    const input = { dialog_id: dialogId };
    expectWhole((await read<Envelope>("dialogs.get?", input)).result.data);
    const batch = await read<Envelope[]>("dialogs.get,auth.me,dialogs.get?batch=1&", { 0: input, 2: input });
    for (const index of [0, 2]) expectWhole(batch[index]?.result.data ?? { server: "", dialogs: [] });
    const lines = await read<Record<string, [[Envelope]]>>(
      "dialogs.get,dialogs.get?batch=1&",
      { 0: input, 1: input },
      { "trpc-accept": "application/jsonl" },
    );
    for (const index of ["0", "1"]) expectWhole(lines[index]?.[0][0].result.data ?? { server: "", dialogs: [] });
  });

  it("does not fail the other calls of its batch", async () => {
    const { person, dialogId } = await talk();
    const input = encodeURIComponent(JSON.stringify({ 0: { dialog_id: dialogId }, 1: { dialog_id: 987_654 } }));
    const headers = { Cookie: person.cookie };
    const { status, text } = await request(api.url, `GET /trpc/dialogs.get,dialogs.get?batch=1&input=${input}`, {
      headers,
    });
    expect(status).toBe(207);
    const [whole, missing] = JSON.parse(text) as [{ result: { data: Dialog } }, { error: { data: object } }];
    expectWhole(whole.result.data);
    expect(missing.error.data).toMatchObject({ code: "dialog_not_found" });
  });

  it("is exported whole", async () => {
    const { person, dialogId } = await talk();
    const { status, headers, body } = await person.call<{ dialogs: { dialog_id: number; messages: unknown[] }[] }>(
      "GET /me/export",
    );
    expect([status, headers["content-disposition"]]).toEqual([200, 'attachment; filename="deepbot-export.json"']);
    expect(body.dialogs.map(({ dialog_id, messages }) => [dialog_id, messages.length])).toEqual([[dialogId, 60]]);
  });

  it("breaks off when the dialog is deleted meanwhile, so that nobody takes a part for the whole", async () => {
    const { person, dialogId } = await talk();
    // More than the buffers between server and client hold.
    await runSql(
      api.database,
      `insert into messages (dialog_id, user_id, content, seq)
       select ${dialogId}, 1, repeat('x', 200000), seq from generate_series(61, 200) as seq`,
    );
    await runSql(api.database, `update dialogs set last_seq = 200 where dialog_id = ${dialogId}`);
    const outgoing = get(`${api.url}/dialogs/${dialogId}`, { headers: { Cookie: person.cookie } });
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    await runSql(api.database, `delete from dialogs where dialog_id = ${dialogId}`);
    await expect(readText(response)).rejects.toThrow("aborted");
  });

  it("is not sent to HEAD, and a short one says its length", async () => {
    const { person, dialogId } = await talk();
    const head = await request(api.url, `HEAD /dialogs/${dialogId}`, { headers: { Cookie: person.cookie } });
    expect([head.status, head.text]).toEqual([200, ""]);
    const { headers, text } = await person.call(`GET /dialogs/${await createDialog(person)}`);
    expect(headers["content-length"]).toBe(String(text.length));
  });

  it("leaves no place taken: the next ones are read as well", async () => {
    const { person, dialogId } = await talk();
    for (let round = 0; round < 12; round += 1) {
      const method = round % 2 === 0 ? "GET" : "HEAD";
      const { status } = await request(api.url, `${method} /dialogs/${dialogId}`, {
        headers: { Cookie: person.cookie },
      });
      expect(status).toBe(200);
    }
  });
});
