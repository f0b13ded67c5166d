import { Field } from "@base-ui/react/field";
import type { ReactNode } from "react";

/** Only the props in use: comparing all of an input's props costs the compiler a second. */
type ControlProps = Pick<
  Field.Control.Props,
  "autoFocus" | "maxLength" | "onFocus" | "onKeyDown" | "onValueChange" | "placeholder" | "value"
>;

interface TextFieldProps extends ControlProps {
  label: string;
  hideLabel?: boolean;
  hint?: ReactNode;
  /** Replaces the hint, so that the layout does not move. */
  error?: string | undefined;
}

const control =
  "w-full min-h-10 rounded-lg border border-field bg-raised px-3 py-2 text-base placeholder:text-muted data-invalid:border-danger";

export function TextField({ label, hideLabel = false, hint, error, ...rest }: TextFieldProps): ReactNode {
  return (
    <Field.Root invalid={error !== undefined} className="flex flex-col gap-1">
      <Field.Label className={hideLabel ? "sr-only" : "text-sm font-medium"}>{label}</Field.Label>
      <Field.Control autoComplete="off" {...rest} className={control} />
      {hint !== undefined && error === undefined && (
        <Field.Description className="text-xs text-muted">{hint}</Field.Description>
      )}
      <Field.Error match={error !== undefined} className="text-xs text-danger">
        {error}
      </Field.Error>
    </Field.Root>
  );
}
