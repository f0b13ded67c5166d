import { isOpen } from "@deepbot/contract";
import type { AttemptResult, DueDelivery } from "@deepbot/db";
import type { Pseudonym } from "../../identity/pseudonym.ts";
import type { UseCaseDeps } from "../../use-case-deps.ts";
import { endedBody } from "../sending/message-bodies.ts";
import type { ReportAttempt } from "./report-attempt.ts";
import type { SendWebhook } from "../sending/send.ts";
import { signMessage } from "../sending/sign.ts";
import { hostOf, type HostSlots } from "../sending/slots.ts";
import type { WebhookTargets } from "./targets.ts";
import { createCoalesced, createReportFailure, createUnderWay } from "./under-way.ts";

export interface DeliveryDeps extends UseCaseDeps {
  targets: WebhookTargets;
  slots: HostSlots;
  send: SendWebhook;
  report: ReportAttempt;
  pseudonym: Pseudonym;
}

/** How long after the time limit of an attempt another server may take the delivery: its server was killed. */
const holdMarginMs = 30_000;

/** A run that was deleted before anybody was told of its end. */
const deleted: AttemptResult = { status: null, error: "run_deleted", durationMs: 0 };

export interface Deliveries {
  /** Takes what is due and begins to send it. It does not wait for the responses. */
  sendDue: () => Promise<void>;
  /** Ends the requests that are under way. They are due again when their time is over. */
  stop: () => Promise<void>;
}

/** Sends a delivery once, and records how it went. */
function createDeliver({ send, report, pseudonym }: DeliveryDeps, stop: AbortSignal) {
  return async (delivery: DueDelivery): Promise<void> => {
    const { deliveryId, run, url, secrets } = delivery;
    if (run === null) {
      await report.delivered(delivery, deleted);
      return;
    }
    const body = endedBody(delivery, run, pseudonym);
    const message = { id: `msg_${deliveryId}`, timestamp: Math.floor(Date.now() / 1000), body };
    const attempt = await send({ url, headers: signMessage(secrets, message), body }, stop);
    if (attempt.error !== "stopped") await report.delivered(delivery, attempt);
  };
}

/** Sends what is due: at once when a run ends at this server, and by a loop for all else. */
export function createDeliveries(deps: DeliveryDeps): Deliveries {
  const { statements, settings, events, shutdown, targets, slots } = deps;
  const { timeoutMs, parallelPerHost: perHost } = settings.webhooks;
  const cutting = new AbortController();
  const deliver = createDeliver(deps, cutting.signal);

  const sendDue = createCoalesced(async () => {
    const max = slots.room();
    if (shutdown.aborted || max <= 0 || !targets.hears("run.ended")) return;
    const claim = { max, holdMs: timeoutMs + holdMarginMs, perHost, busyHosts: slots.busy() };
    for (const delivery of await statements.claimDueDeliveries(claim)) {
      underWay.add(deliver(delivery).finally(slots.take(hostOf(delivery.url))));
    }
  });
  /** The next round of the loop finds deliveries that fail here. */
  const wake = (): void => void sendDue().catch(() => {});
  const underWay = createUnderWay({ onError: createReportFailure("send deliveries", events), onEnd: wake });

  events.subscribe(
    (event) => {
      if (event.kind === "run_transition" && !isOpen(event.to)) wake();
    },
    ["run_transition"],
  );
  return {
    sendDue,
    stop: async () => {
      cutting.abort();
      await underWay.whenDone();
    },
  };
}
