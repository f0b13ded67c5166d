/**
 * What a service key may do: `runs` claims and reports, `legacy` uses the original two operations, `push` stores messages that
 * nobody asked for, `feedback` and `usage` read.
 */
export const serviceKeyScopes = ["runs", "legacy", "push", "feedback", "usage"] as const;
export type ServiceKeyScope = (typeof serviceKeyScopes)[number];

/** What a webhook can be told of. */
export const webhookEvents = ["run.queued", "run.ended", "feedback.created"] as const;
export type WebhookEvent = (typeof webhookEvents)[number];
