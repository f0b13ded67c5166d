const dayMs = 24 * 3_600_000;

/** @param days null means for ever */
export function lifetimeMsOf(days: number | null): number | null {
  return days === null ? null : days * dayMs;
}
