import { Field } from "@base-ui/react/field";
import type { ReactNode } from "react";

/** Those that are used: to compare all of an input's takes the compiler a second. */
type ControlProps = Pick<
  Field.Control.Props,
  "autoFocus" | "maxLength" | "onFocus" | "onKeyDown" | "onValueChange" | "placeholder" | "value"
>;

interface TextFieldProps extends ControlProps {
  label: string;
  hideLabel?: boolean;
  hint?: ReactNode;
  /** What is wrong with what was typed; stands in the hint's place, so that nothing moves. */
  fault?: string | undefined;
}

const control =
  "w-full min-h-10 rounded-lg border border-field bg-raised px-3 py-2 text-base placeholder:text-muted data-invalid:border-danger";

export function TextField({ label, hideLabel = false, hint, fault, ...rest }: TextFieldProps): ReactNode {
  return (
    <Field.Root invalid={fault !== undefined} className="flex flex-col gap-1">
      <Field.Label className={hideLabel ? "sr-only" : "text-sm font-medium"}>{label}</Field.Label>
      <Field.Control autoComplete="off" {...rest} className={control} />
      {hint !== undefined && fault === undefined && (
        <Field.Description className="text-xs text-muted">{hint}</Field.Description>
      )}
      <Field.Error match={fault !== undefined} className="text-xs text-danger">
        {fault}
      </Field.Error>
    </Field.Root>
  );
}
