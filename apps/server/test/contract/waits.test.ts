import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, readDialog, send, untilAwaited } from "../support/dialogs.ts";
import { expectProblem } from "../support/problem.ts";

describe("a request that waits for an answer", () => {
  const api = useApi({ WAITS_PER_USER: "1" });

  it("is refused with 429 on both transports while the person has as many as they may, and stores nothing", async () => {
    const person = await api.signIn();
    const [busy, other] = [await createDialog(person), await createDialog(person)];
    const first = send(person, busy, "first");
    await untilAwaited(person, busy);
    const refused = await send(person, other, "second");
    expect(expectProblem(refused, 429).code).toBe("too_many_waits");
    expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
    const json = { dialog_id: other, text_user: "second" };
    const overTrpc = await api.request("POST /trpc/messages.send", { json, headers: { Cookie: person.cookie } });
    expect([overTrpc.status, overTrpc.headers["retry-after"]]).toEqual([429, refused.headers["retry-after"]]);
    expect(overTrpc.body).toMatchObject({ error: { data: { code: "too_many_waits" } } });
    expect(await readDialog(person, other)).toEqual([]);
    await person.call("POST /logout");
    expect(expectProblem(await first, 401).code).toBe("session_invalid");
  });

  it("takes none of another person's", async () => {
    const [ann, bob] = [await api.signIn(), await api.signIn()];
    const dialogs = [await createDialog(ann), await createDialog(bob)] as const;
    const sent = [send(ann, dialogs[0], "one"), send(bob, dialogs[1], "two")];
    await untilAwaited(ann, dialogs[0]);
    await untilAwaited(bob, dialogs[1]);
    await ann.call("POST /logout/everywhere");
    await bob.call("POST /logout/everywhere");
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([401, 401]);
  });
});
