const answerMaxBytes = 64 * 1024;

/** Limits that every installation shares. Those that an operator can change are settings of the server. */
export const limits = {
  dialogNameMin: 3,
  dialogNameMax: 20,
  questionMin: 1,
  questionMax: 2000,
  answerMaxBytes,
  assistantSlugMax: 63,
  assistantNameMax: 100,
  assistantDescriptionMax: 500,
  assistantGreetingMax: 2_000,
  suggestionsMax: 10,
  suggestionMax: 200,
  /** They go with every claimed run. */
  instructionsMax: 10_000,
  answerMaxMs: 24 * 60 * 60 * 1000,
  /** Assistants that one claim may name. */
  claimAssistantsMax: 100,
  workerNameMax: 100,
  claimMax: 50,
  claimWaitMaxMs: 25_000,
  leaseMinMs: 1_000,
  leaseMaxMs: 600_000,
  leaseDefaultMs: 30_000,
  historyMax: 1_000,
  historyDefault: 100,
  historyMaxBytes: 1024 * 1024,
  historyDefaultBytes: 256 * 1024,
  /**
   * UTF-8 bytes of the messages of all runs of one claim. JSON can spend six bytes on one: with instructions and names of members
   * a response stays under 25 MB.
   */
  claimMaxBytes: 3 * 1024 * 1024,
  confirmWithinMinMs: 1_000,
  /** Runs of one question: the first and its repetitions. */
  runsPerQuestion: 20,
  /** What `GET /messages` gives at most: UTF-8 bytes of all texts, and dialogs. */
  pendingMaxBytes: 4 * 1024 * 1024,
  pendingMaxDialogs: 2_000,
  /** Of one dialog's questions before the open one. */
  pendingDialogMaxBytes: 32 * 1024,
  pendingDialogMaxEarlier: 20,
  messagePageMax: 200,
  messagePageDefault: 50,
  /** Sessions of one person. A sign-in beyond them ends the one that was seen longest ago. */
  sessionsMax: 20,
  /** Bytes of text after which a page of messages ends, with the message that reaches them. */
  pageMaxBytes: 256 * 1024,
  sessionsShown: 100,
  /** Names of service keys and personal tokens, in code points. */
  keyNameMax: 100,
  /** Characters of a service key or a personal token, and of the beginning by which people tell them apart. */
  keyMax: 53,
  keyPrefixMax: 10,
  /** Longest life that a key or a token may be given, in days. */
  keyLifeMaxDays: 3_650,
  /** Assistants that one key may be limited to. */
  keyAssistantsMax: 100,
  /** What `GET /operator/keys` lists, revoked keys included. */
  keysShown: 1_000,
  /** Live tokens of one person. */
  personalTokensMax: 20,
  /** Longest name of a person that is kept, in code points. */
  personNameMax: 200,
  emailMax: 320,
  pictureUrlMax: 2048,
  nonceMax: 200,
  userAgentMax: 200,
  deltaMaxCharacters: 8 * 1024,
  deltaSeqMax: 100_000,
  workerCapacityMax: 10_000,
  /** Workers that the statistics name. */
  workersShown: 1_000,
  /** Of each assistant. */
  workersShownPerAssistant: 100,
  /** The last place in a line that is told. */
  queuePositionMax: 1_000,
  /** UTF-8 bytes of an answer's metadata, as JSON. */
  answerMetadataMaxBytes: 4 * 1024,
  /** The most that `WEBHOOKS_PER_ASSISTANT` can be. */
  webhooksPerAssistantMax: 100,
  webhookUrlMax: 2048,
  webhookSecretMax: 50,
  deliveryPageMax: 100,
  deliveryPageDefault: 50,
  /** Due deliveries of one webhook. The oldest beyond them are dropped. */
  dueDeliveriesMax: 10_000,
  /** Deliveries in the log of one webhook. */
  loggedDeliveriesMax: 10_000,
  /** More than any answer costs. What a worker reports beyond it is not counted: a few nonsensical reports would exceed the counters. */
  answerTokensMax: 1_000_000_000_000,
  failureCodeMax: 64,
  failureMessageMax: 500,
  eventIdMax: 100,

  /** Calls in one tRPC batch. */
  batchMax: 10,
  /** Longest request target, in bytes. */
  targetMaxBytes: 4096,
  /** Longest address that clients build for a batch of queries. */
  batchUrlMaxLength: 2048,
  headersMaxBytes: 16 * 1024,
  bodyMaxBytes: 64 * 1024,
  /** For bodies that carry an answer: JSON can spend six bytes (`\u0001`) on one byte of text. */
  answerBodyMaxBytes: 6 * answerMaxBytes + 4096,
} as const;

/** Intervals that both sides of a connection rely on, in milliseconds. */
export const timing = {
  /** Between two pings on an event stream. */
  pingIntervalMs: 15_000,
  /** Longest life of an event stream: then the client reconnects and is authenticated again. */
  streamMaxMs: 15 * 60_000,
  /** How long the nonce of a sign-in page is good. */
  signInNonceMs: 60 * 60_000,
  /** What a 503 asks clients to wait: `Retry-After`, in seconds. */
  retryAfterSeconds: 2,
} as const;
