import type { WebhookEvent } from "@deepbot/contract";
import type { ActiveWebhook, Statements } from "@deepbot/db";
import { pushPauseMs } from "./back-off.ts";
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
  /** Tells that a push went well or failed. After a failure the webhook pauses. */
  pushed: (webhookId: string, succeeded: boolean) => void;
  /** Called when a webhook came, changed, went, or takes questions again. */
  onChange: (listener: () => void) => void;
}

interface Pause {
  failures: number;
  until: number;
}

/** Pauses after failed pushes, in the memory of this process. */
function createPauses(onEnd: () => void) {
  const pauses = new Map<string, Pause>();
  return {
    isOver: (webhookId: string): boolean => (pauses.get(webhookId)?.until ?? 0) <= performance.now(),
    pushed: (webhookId: string, succeeded: boolean): void => {
      if (succeeded) {
        pauses.delete(webhookId);
        return;
      }
      const failures = (pauses.get(webhookId)?.failures ?? 0) + 1;
      const pauseMs = pushPauseMs(failures);
      pauses.set(webhookId, { failures, until: performance.now() + pauseMs });
      setTimeout(onEnd, pauseMs + 1).unref();
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
    pushed: pauses.pushed,
    onChange: (listener) => void listeners.push(listener),
  };
}
