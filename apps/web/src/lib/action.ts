/** The part of a mutation that forms and dialogs use. */
export interface Action<Input> {
  mutate: (input: Input, options?: { onSuccess?: () => void }) => void;
  isPending: boolean;
  /** The error of the last attempt, or null. */
  error: unknown;
  reset: () => void;
}
