import type { Coverage } from "@deepbot/db";

/** Assistants by rising id, or all. */
export type ServedAssistants = "all" | readonly number[];

/** What some workers serve together. */
export interface Served {
  serves: (assistantId: number) => boolean;
  /** Whether one more worker that serves this would change nothing. */
  includes: (coverage: Coverage) => boolean;
  anybody: ServedAssistants;
  /** By others than fallback workers. */
  others: ServedAssistants;
}

/** Assistants by id, or all. */
interface AssistantSet {
  all: boolean;
  ids: Set<number>;
}

function add(assistants: AssistantSet, { assistantIds }: Coverage): void {
  if (assistantIds === null) assistants.all = true;
  else for (const id of assistantIds) assistants.ids.add(id);
}

function has({ all, ids }: AssistantSet, { assistantIds }: Coverage): boolean {
  return all || (assistantIds?.every((id) => ids.has(id)) ?? false);
}

function listed({ all, ids }: AssistantSet): ServedAssistants {
  return all ? "all" : [...ids].toSorted((a, b) => a - b);
}

/** It looks at each coverage once, so that many questions about many workers cost little. */
export function summarize(coverages: readonly Coverage[]): Served {
  const anybody: AssistantSet = { all: false, ids: new Set() };
  const others: AssistantSet = { all: false, ids: new Set() };
  for (const coverage of coverages) {
    add(anybody, coverage);
    if (!coverage.fallback) add(others, coverage);
  }
  return {
    anybody: listed(anybody),
    others: listed(others),
    serves: (assistantId) => anybody.all || anybody.ids.has(assistantId),
    includes: (coverage) => has(anybody, coverage) && (coverage.fallback || has(others, coverage)),
  };
}

/** What two groups of workers serve together. */
export function joinServed(one: ServedAssistants, other: ServedAssistants): ServedAssistants {
  if (one === "all" || other === "all") return "all";
  return [...new Set([...one, ...other])].toSorted((a, b) => a - b);
}

/** How long a summary of the workers here may stand while nobody comes. */
const summaryMaxAgeMs = 250;

/** The summary of the workers that this process sees, made anew now and then, and at once when somebody brings news. */
export function createOwnSummary(coverages: () => Coverage[]): { get: () => Served; came: (poll: Coverage) => void } {
  let summary = summarize([]);
  let madeAt = -Infinity;
  return {
    get: () => {
      const now = performance.now();
      if (now - madeAt > summaryMaxAgeMs) {
        summary = summarize(coverages());
        madeAt = now;
      }
      return summary;
    },
    came: (poll) => {
      if (!summary.includes(poll)) madeAt = -Infinity;
    },
  };
}
