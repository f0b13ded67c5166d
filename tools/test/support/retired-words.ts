/** A word that this repository no longer uses, and the one that takes its place. */
interface RetiredWord {
  /** Matched against text and paths whose names were taken apart: `openHints`, `hint-payload` and `HINT_MS` all hold `hint`. */
  word?: RegExp;
  /** Matched against text and paths as they are. */
  raw?: RegExp;
  instead: string;
  /** Paths that the word is retired from; everywhere if absent. */
  where?: RegExp;
  /** Texts, as they are written, in which the word is right. */
  allowed?: readonly { text: RegExp; because: string }[];
  /** One use each that must be found; the tests plant it. */
  examples: readonly string[];
}

/** All but what keeps the names of the version before alive during an update. */
const besideOldVersion =
  /^(?!packages\/db\/(?:src\/(?:schema\/runs|statements\/claim-runs)\.ts|test\/migration)|docs\/data-model\.md|faults\/src\/scenarios\/f22)/;

export const retiredWords: readonly RetiredWord[] = [
  {
    word: /\bsettl(?:e[drs]?|ers|ing)\b/,
    instead: "reaper, reapOverdueRuns; of promises: resolve, reject",
    allowed: [{ text: /\b(?:all|on)Settled\b/, because: "names of JavaScript and of React Query" }],
    examples: ["createSettler({ log })", "settle_runs", "Settling ends the run."],
  },
  { word: /\bsweeps?\b/, instead: "reaper", examples: ["const sweepIntervalMs = 1_000;"] },
  {
    raw: /\blookIntervalMs\b|\.look\(|[Ss]low looks?\b/,
    instead: "fallback poll, poll(), pollIntervalMs",
    examples: ["await feeds.look();", "A slow look covers what was lost."],
  },
  {
    word: /\bhint(?:s|ed)?\b/,
    instead: "notification, Notifier",
    // In the pages a hint is the help text of a control.
    where: /^(?!apps\/web\/)/,
    allowed: [{ text: /\btreatConfigHintsAsErrors\b|--no-config-hints\b/, because: "options of knip" }],
    examples: ["hints.publish(topic)", "deepbot_hint_gaps_total", "packages/db/src/hints/hint-payload.ts"],
  },
  {
    raw: /\brun_events\b|\brunEvents\b|run-events\.ts\b/,
    instead: "run_deltas",
    where: besideOldVersion,
    examples: ["from run_events"],
  },
  {
    word: /\bgenerations?\b/,
    instead: "epoch",
    where: besideOldVersion,
    examples: ["run.generation", "a generation is one claim"],
  },
  {
    raw: /\bsaid_?[bB]ytes\b|\.said\b|\bsaid so far\b/,
    instead: "streamedText, partialText; in prose: streamed",
    where: besideOldVersion,
    examples: ["run.said.seq", "said_bytes integer", "saidBytes: 3", "what was said so far"],
  },
  { word: /\blatch(?:es)?\b/, instead: "Signal", examples: ["createLatch()"] },
  { word: /\bseats?\b/, instead: "ConcurrencyLimiter, slot", examples: ["deps.seats.take(userId)"] },
  {
    word: /\bvisits?\b/,
    instead: "last-seen",
    where: /^(?:packages|apps\/server)\//,
    examples: ["visits.flush()", "const visitIntervalMs = 5_000;"],
  },
  {
    word: /\bdoors?\b/,
    instead: "request guard; transport",
    examples: ["front-door.ts", "frontDoor", "on both doors"],
  },
  {
    word: /\bedges?\b/,
    instead: "request guard; transport",
    where: /^(?:packages|apps\/server|turbo\.json|README\.md|ARCHITECTURE\.md|CONTRIBUTING\.md)/,
    examples: ['new EdgeError("bad_request")', "the HTTP edge"],
  },
  {
    word: /\bexchanges?\b/,
    instead: "RequestContext",
    allowed: [{ text: /\b[Ee]xchanges? (?:an?|the) (?:Google )?ID token\b/, because: "the word of OAuth for a token" }],
    examples: ["exchange.operation", "createExchange(req, res)"],
  },
  { raw: /\bcaller\.ts\b/, instead: "session-cookie.ts, context.ts", examples: ["./caller.ts"] },
  {
    raw: /\b(?:run-watch|watch-run|report-runs|store-answer)\.ts\b/,
    instead: "await-answer.ts, subscribe-run.ts, fail-run.ts, complete-run.ts",
    examples: ["./run-watch.ts"],
  },
  {
    raw: /\bhand(?:ed)?Over\b|\bhand(?:ed|s|ing)? over\b/,
    instead: "deliverLocally",
    examples: ["watches.handOver(id)"],
  },
  { word: /\binbox(?:es)?\b/, instead: "subscriber buffer", examples: ["createInbox()"] },
  {
    word: /\banswer (?:probe|docs|preflight|dev token|client error|json)\b/,
    instead: "handleProbe, sendResponse: an answer is the AI's text",
    examples: ["answerProbe(request)"],
  },
  {
    word: /\b(?:domain error|input fault|send obstacle|answer failure|troubles?)\b/,
    instead: "AppError, ValidationIssue, SendConflict, failure class",
    examples: ['throw new DomainError("run_ended")', "troubleOf(error)"],
  },
  {
    word: /\bfaults?\b/,
    instead: "error, issue; a fault is what the fault tests inject",
    where: /^(?:packages|apps|nginx|docker|examples|bench)\//,
    allowed: [{ text: /\bfault tests?\b|\bfaults\/|@deepbot\/faults\b|\btest:faults\b/i, because: "the fault tests" }],
    examples: ["describeFault(error)", "A fault that nobody caught"],
  },
  {
    word: /\b(?:issue|error|kept) texts?\b/,
    instead: "validation-messages, error-messages, drafts",
    allowed: [{ text: /type: "error", errorText:/, because: "a field of the AI SDK" }],
    examples: ["./kept-texts.ts", "errorText(error, t)"],
  },
  {
    raw: /\b(?:is)?[mM]essagesKey\b/,
    instead: "serviceKey",
    examples: ["config.messagesKey", "isMessagesKey(key)"],
  },
  {
    word: /(?<!\bapp )\bservices?\b(?! keys?\b| unavailable\b)/,
    instead: "use case; worker; appServices",
    where: /^(?:packages|apps|bench|faults|e2e)\//,
    allowed: [
      { text: /\bservice_message\b/, because: "a field of the original API" },
      { text: /\bThe service is unavailable\b/, because: "what people call the platform" },
    ],
    examples: ["createServices(deps)", "ctx.services.runs", "An AI service claims runs."],
  },
  { raw: /\bAI services?\b/i, instead: "worker", examples: ["The key of AI services"] },
  {
    raw: /\b[a-z]*Turns?\b|\bturns?\b(?= *[.:=),(])|\bin turns\b/,
    instead: "sample (bench), position (queue)",
    where: /^(?:packages|apps\/(?!web\/)|bench|faults)\//,
    examples: ["takeTurn(bench)", "run.turn = 3", "measured in turns"],
  },
  {
    raw: /\bcreateQueries\b|\bQueries\b(?! (?:are|that|of)\b)|\bsrc\/queries\b|[{,.(] ?queries[.,]/,
    instead: "Statements, createStatements",
    where: /^(?:packages|apps\/server|bench|faults)\//,
    examples: ["createQueries(db)", "deps.queries.findRun"],
  },
];

/** Files in which retired words are right, and why. */
export const historicalFiles: readonly { path: RegExp; because: string }[] = [
  { path: /^tools\/test\/(?:support\/)?retired-words/, because: "the list itself" },
  { path: /^CHANGELOG\.md$/, because: "says what was renamed" },
  { path: /^docs\/decisions\//, because: "say what was renamed and why" },
  { path: /^packages\/db\/migrations\//, because: "what has been run is not rewritten" },
  { path: /^patches\/.*\.patch$/, because: "code of others" },
  { path: /^pnpm-lock\.yaml$/, because: "names of others" },
];

/** A place where a retired word stands. */
export interface RetiredUse {
  /** `path:line`, or the path alone when the word is in it. */
  place: string;
  found: string;
  instead: string;
}

/** Takes names apart: `openHints` becomes `open hints`, `HINT_MS` becomes `hint ms`. Keeps every line where it is. */
function takeApart(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replaceAll(/[_/.-]/g, " ")
    .toLowerCase();
}

function findInLine(line: string, { word, raw, allowed = [] }: RetiredWord): string | undefined {
  const rest = allowed.reduce(
    (text, { text: pattern }) => text.replaceAll(new RegExp(pattern, `${pattern.flags}g`), " "),
    line,
  );
  return raw?.exec(rest)?.[0] ?? word?.exec(takeApart(rest))?.[0];
}

/** Every line of a file, and its path, with a retired word in it. */
export function findRetiredUses(path: string, text: string): RetiredUse[] {
  if (historicalFiles.some((file) => file.path.test(path))) return [];
  const retired = retiredWords.filter(({ where }) => where === undefined || where.test(path));
  const places = [
    { place: path, line: path },
    ...text.split("\n").map((line, at) => ({ place: `${path}:${at + 1}`, line })),
  ];
  return places.flatMap(({ place, line }) =>
    retired.flatMap((each) => {
      const found = findInLine(line, each);
      return found === undefined ? [] : [{ place, found: found.trim(), instead: each.instead }];
    }),
  );
}

/** A path at which a planted use of the word must be found. */
export function plantingPath({ where }: Pick<RetiredWord, "where">): string {
  const path = "packages/api/src/planted.ts";
  return where === undefined || where.test(path) ? path : "bench/src/planted.ts";
}
