import { codePointLength } from "../../lib/code-points.ts";

/** What is wrong with a dialog's name, if anything. */
export type NameFault = "too_short" | "too_long" | null;

export interface NameLimits {
  dialog_name_min: number;
  dialog_name_max: number;
}

/** Judges a name as it will be sent: without blanks around it. */
export function findNameFault(name: string, { dialog_name_min, dialog_name_max }: NameLimits): NameFault {
  const length = codePointLength(name.trim());
  if (length < dialog_name_min) return "too_short";
  return length > dialog_name_max ? "too_long" : null;
}
