/** Something a person can set off, as a form or a dialog needs to know it. */
export interface Action<Input> {
  mutate: (input: Input, options?: { onSuccess?: () => void }) => void;
  isPending: boolean;
  /** Why the last try did not work; null if it did, or there was none. */
  error: unknown;
  reset: () => void;
}
