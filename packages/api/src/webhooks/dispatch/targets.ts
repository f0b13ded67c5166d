import type { WebhookEvent } from "@deepbot/contract";
import type { ActiveWebhook, Statements } from "@deepbot/db";
import { pushPauseMs } from "./back-off.ts";
import type { RecentPush } from "./recent-pushes.ts";
import { hostOf, type HostSlots } from "../sending/slots.ts";

/** The webhooks that are active, as this process saw them last, and which of them take questions now. */
export interface WebhookTargets {
  /** Reads them anew. */
  refresh: () => Promise<void>;
  /** Whether any of them hears of the event. */
  hears: (event: WebhookEvent) => boolean;
  /** Assistants with a webhook that takes a question now. */
  readyAssistants: () => number[];
  /** A webhook of the assistant that takes a question now, each as often as the others. */
  next: (assistantId: number) => ActiveWebhook | undefined;
  /** Tells that a push went well, so that the next pause is the shortest again. */
  succeeded: (webhookId: string) => void;
  /** Tells that a push failed. The webhook pauses. */
  failed: (webhookId: string) => void;
  /** Tells that a push went well, but the run came back. The webhook pauses, unless it has paused since. */
  gaveBack: (push: RecentPush) => void;
  /** Called when a webhook came, changed, went, or takes questions again. */
  onChange: (listener: () => void) => void;
}

/** Times are those of `performance.now()`. */
interface Pause {
  failures: number;
  since: number;
  until: number;
}

/** Pauses after failed pushes, in the memory of this process. */
function createPauses(onEnd: () => void) {
  const pauses = new Map<string, Pause>();
  const failed = (webhookId: string): void => {
    const failures = (pauses.get(webhookId)?.failures ?? 0) + 1;
    const pauseMs = pushPauseMs(failures);
    const since = performance.now();
    pauses.set(webhookId, { failures, since, until: since + pauseMs });
    setTimeout(onEnd, pauseMs + 1).unref();
  };
  return {
    isOver: (webhookId: string): boolean => (pauses.get(webhookId)?.until ?? 0) <= performance.now(),
    failed,
    gaveBack: ({ webhookId, pushedAt }: RecentPush): void => {
      if (pushedAt > (pauses.get(webhookId)?.since ?? 0)) failed(webhookId);
    },
    succeeded: (webhookId: string): void => {
      const pause = pauses.get(webhookId);
      if (pause !== undefined) pauses.set(webhookId, { failures: 0, since: pause.since, until: 0 });
    },
    keepOnly: (webhookIds: ReadonlySet<string>): void => {
      for (const webhookId of pauses.keys()) if (!webhookIds.has(webhookId)) pauses.delete(webhookId);
    },
  };
}

export function createWebhookTargets(
  { listActiveWebhooks }: Pick<Statements, "listActiveWebhooks">,
  slots: HostSlots,
): WebhookTargets {
  let active: readonly ActiveWebhook[] = [];
  let known = "";
  const listeners: (() => void)[] = [];
  const announce = (): void => listeners.forEach((listener) => listener());
  const pauses = createPauses(announce);

  const takesQuestions = ({ webhookId, events, url }: ActiveWebhook): boolean =>
    events.includes("run.queued") && pauses.isOver(webhookId) && slots.hasRoom(hostOf(url));

  return {
    refresh: async () => {
      const found = await listActiveWebhooks();
      const fingerprint = JSON.stringify(found);
      if (fingerprint === known) return;
      known = fingerprint;
      active = found;
      pauses.keepOnly(new Set(found.map(({ webhookId }) => webhookId)));
      announce();
    },
    hears: (event) => active.some(({ events }) => events.includes(event)),
    readyAssistants: () => [...new Set(active.filter(takesQuestions).map(({ assistantId }) => assistantId))],
    next: (assistantId) => {
      const found = active.find((webhook) => webhook.assistantId === assistantId && takesQuestions(webhook));
      if (found !== undefined) active = [...active.filter((webhook) => webhook !== found), found];
      return found;
    },
    succeeded: pauses.succeeded,
    failed: pauses.failed,
    gaveBack: pauses.gaveBack,
    onChange: (listener) => void listeners.push(listener),
  };
}
