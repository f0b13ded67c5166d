import { describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { deliveryAttempts, pushPauseMs, retryDelayMs } from "../../../src/webhooks/dispatch/back-off.ts";
import { createCoalesced } from "../../../src/webhooks/dispatch/under-way.ts";
import { createWebhookSecret, signMessage } from "../../../src/webhooks/sending/sign.ts";
import { createHostSlots } from "../../../src/webhooks/sending/slots.ts";
import { verify } from "../../support/receiver.ts";

const body = '{"type":"run.ended","data":{"text":"Привет"}}';

describe("a signature", () => {
  it("is the one that the specification's library makes", () => {
    const secret = createWebhookSecret();
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = signMessage([secret], { id: "msg_1", timestamp, body });
    expect(headers["webhook-signature"]).toBe(new Webhook(secret).sign("msg_1", new Date(timestamp * 1000), body));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it("is made by each secret, and by no other", () => {
    const [older, newer, other] = [createWebhookSecret(), createWebhookSecret(), createWebhookSecret()];
    const headers = signMessage([newer, older], { id: "msg_1", timestamp: Math.floor(Date.now() / 1000), body });
    expect(verify(older, { headers, body })).toEqual(JSON.parse(body));
    expect(verify(newer, { headers, body })).toEqual(JSON.parse(body));
    expect(() => verify(other, { headers, body })).toThrow("No matching signature found");
    expect(() => verify(newer, { headers, body: `${body} ` })).toThrow("No matching signature found");
  });
});

describe("the back-off", () => {
  it("of a delivery grows over hours and ends", () => {
    const delays = Array.from({ length: deliveryAttempts - 1 }, (_, index) => retryDelayMs(index + 1, 0.5) ?? 0);
    expect(delays.slice(0, 3)).toEqual([5_000, 20_000, 80_000]);
    const hours = delays.reduce((sum, delay) => sum + delay, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(7);
    expect(hours).toBeLessThan(9);
    expect(retryDelayMs(deliveryAttempts, 0.5)).toBeNull();
  });

  it("is spread by a fifth", () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 1)]).toEqual([4_000, 6_000]);
  });

  it("of pushes ends at five minutes", () => {
    expect([1, 2, 3, 100].map((failures) => pushPauseMs(failures, 0.5))).toEqual([1_000, 2_000, 4_000, 300_000]);
  });
});

describe("the slots for requests", () => {
  it("are limited for each host and in all", () => {
    const slots = createHostSlots({ perHost: 2, total: 3 });
    const free = slots.take("a");
    slots.take("a");
    expect([slots.hasRoom("a"), slots.hasRoom("b"), slots.room()]).toEqual([false, true, 1]);
    slots.take("b");
    expect([slots.hasRoom("c"), slots.busy().toSorted()]).toEqual([false, ["a", "a", "b"]]);
    free();
    expect([slots.hasRoom("a"), slots.room()]).toEqual([true, 1]);
  });
});

describe("a job that is asked for while it runs", () => {
  it("runs once more, and never twice at once", async () => {
    let running = 0;
    let runs = 0;
    const job = createCoalesced(async () => {
      running += 1;
      expect(running).toBe(1);
      runs += 1;
      await Promise.resolve();
      running -= 1;
    });
    await Promise.all([job(), job(), job()]);
    expect(runs).toBe(2);
  });
});
