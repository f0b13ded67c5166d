import { codePointLength } from "@deepbot/contract";

export type NameIssue = "too_short" | "too_long" | null;

export interface NameLimits {
  dialog_name_min: number;
  dialog_name_max: number;
}

/** Validates a name without the spaces around it, as it will be sent. */
export function findNameIssue(name: string, { dialog_name_min, dialog_name_max }: NameLimits): NameIssue {
  const length = codePointLength(name.trim());
  if (length < dialog_name_min) return "too_short";
  return length > dialog_name_max ? "too_long" : null;
}
