import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll } from "vitest";
import { defaultSettings } from "../../src/settings.ts";
import { createPlatform, type Platform, type TestPerson } from "./platform.ts";
import type { Received } from "./receiver.ts";

export const webhookSettings = {
  ...defaultSettings.webhooks,
  allowHttp: true,
  allowPrivate: true,
  timeoutMs: 1_500,
  perAssistant: 3,
  maxFailures: 3,
};

export const platformSettings = { adminEmails: ["root@example.com"], webhooks: webhookSettings, retryBackoffMs: 0 };

type Event = "run.queued" | "run.ended";

interface Lease {
  run_id: number;
  lease_token: string;
}

/** The lease that a delivery of `run.queued` carries. */
export const leaseOf = ({ body }: Pick<Received, "body">): Lease => {
  const { run_id, lease_token } = (JSON.parse(body) as { data: Lease }).data;
  return { run_id, lease_token };
};

type Created = Awaited<ReturnType<TestPerson["webhooks"]["create"]>>;
type Delivery = Awaited<ReturnType<TestPerson["webhooks"]["deliveries"]>>["deliveries"][number];
type Asked = { ann: TestPerson } & Awaited<ReturnType<TestPerson["runs"]["start"]>>;

export interface WebhookTests {
  platform: () => Platform;
  admin: () => TestPerson;
  make: (url: string, ...events: Event[]) => Promise<Created>;
  ask: (text?: string) => Promise<Asked>;
  claim: () => ReturnType<Platform["worker"]["worker"]["claim"]>;
  complete: (lease: Lease, text: string) => Promise<unknown>;
  logOf: (webhookId: string) => Promise<Delivery[]>;
  /** Waits until so many deliveries are over, and gives them. */
  logged: (webhookId: string, count: number) => Promise<Delivery[]>;
}

/**
 * A platform that looks for deliveries every 50 ms, and an operator, for all tests of a file. Each test begins without
 * webhooks.
 */
export function useWebhooks(): WebhookTests {
  let platform: Platform;
  let admin: TestPerson;
  beforeAll(async () => {
    const intervals = { poll: Infinity, sessionPoll: Infinity, sendDeliveries: 50, reap: 50 };
    platform = await createPlatform(mainEngine(), platformSettings, { intervals });
    admin = await platform.person("root");
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    const { webhooks } = await admin.webhooks.list({ slug: "deepbot" });
    for (const { webhook_id } of webhooks) await admin.webhooks.remove({ webhook_id });
    await platform.database.db.execute(sql`delete from dialogs`);
  });
  const logOf: WebhookTests["logOf"] = async (webhook_id) =>
    (await admin.webhooks.deliveries({ webhook_id })).deliveries;
  return {
    platform: () => platform,
    admin: () => admin,
    make: (url, ...events) => admin.webhooks.create({ slug: "deepbot", url, events }),
    ask: async (text_user = "a question") => {
      const ann = await platform.person();
      const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
      return { ann, ...(await ann.runs.start({ dialog_id: dialog, text_user })) };
    },
    claim: () => platform.worker.worker.claim({ worker: "w", wait_ms: 10_000 }),
    complete: (lease, text) => platform.worker.worker.complete({ ...lease, text }),
    logOf,
    logged: (webhookId, count) =>
      until(`${count} deliveries are over`, async () => {
        const log = (await logOf(webhookId)).filter(({ ended_at }) => ended_at !== null);
        return log.length >= count && log;
      }),
  };
}
