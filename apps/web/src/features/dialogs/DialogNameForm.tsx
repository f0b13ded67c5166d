import { useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../api/error-text.ts";
import { useConfig } from "../../api/config.ts";
import { codePointLength } from "../../lib/code-points.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { findNameFault, type NameFault } from "./name-fault.ts";

interface DialogNameFormProps {
  initialName?: string;
  action: string;
  onSubmit: (name: string) => void;
  onCancel?: () => void;
  busy: boolean;
  error: unknown;
}

function useFaultText(): (fault: NameFault) => string | undefined {
  const { t } = useTranslation();
  const { dialog_name_min: min, dialog_name_max: max } = useConfig();
  return (fault) => {
    if (fault === null) return undefined;
    return fault === "too_short" ? t("dialogs.tooShort", { min }) : t("dialogs.tooLong", { max });
  };
}

/** A name for a dialog, judged while it is typed. Too short is no fault before there is anything. */
export function DialogNameForm(props: DialogNameFormProps): ReactNode {
  const { initialName = "", action, onSubmit, onCancel, busy, error } = props;
  const { t } = useTranslation();
  const config = useConfig();
  const faultText = useFaultText();
  const [name, setName] = useState(initialName);
  const fault = findNameFault(name, config);
  const shown = name === "" ? undefined : faultText(fault);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || onCancel === undefined) return;
    event.stopPropagation();
    onCancel();
  };
  return (
    <form
      className="flex flex-col gap-2 text-left"
      onSubmit={(event) => {
        event.preventDefault();
        if (fault === null && !busy) onSubmit(name.trim());
      }}
    >
      <TextField
        label={t("dialogs.name")}
        hideLabel
        placeholder={t("dialogs.namePlaceholder")}
        hint={`${codePointLength(name.trim())} / ${config.dialog_name_max}`}
        fault={shown ?? (error === null ? undefined : errorText(error, t))}
        value={name}
        onValueChange={setName}
        onKeyDown={onKeyDown}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
      />
      <div className="flex gap-2">
        <Button type="submit" variant="primary" busy={busy} disabled={fault !== null} className="grow">
          {action}
        </Button>
        {onCancel !== undefined && <Button onClick={onCancel}>{t("dialogs.cancel")}</Button>}
      </div>
    </form>
  );
}
