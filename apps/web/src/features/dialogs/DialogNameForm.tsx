import { useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../api/error-message.ts";
import { useConfig } from "../../api/config.ts";
import { codePointLength } from "@deepbot/contract";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { findNameIssue, type NameIssue } from "./find-name-issue.ts";

interface DialogNameFormProps {
  initialName?: string;
  action: string;
  onSubmit: (name: string) => void;
  onCancel?: () => void;
  busy: boolean;
  error: unknown;
}

function useNameIssueMessage(): (issue: NameIssue) => string | undefined {
  const { t } = useTranslation();
  const { dialog_name_min: min, dialog_name_max: max } = useConfig();
  return (issue) => {
    if (issue === null) return undefined;
    return issue === "too_short" ? t("dialogs.tooShort", { min }) : t("dialogs.tooLong", { max });
  };
}

/** Asks for the name of a dialog and validates it while it is typed. An empty field shows no error. */
export function DialogNameForm(props: DialogNameFormProps): ReactNode {
  const { initialName = "", action, onSubmit, onCancel, busy, error } = props;
  const { t } = useTranslation();
  const config = useConfig();
  const issueMessage = useNameIssueMessage();
  const [name, setName] = useState(initialName);
  const issue = findNameIssue(name, config);
  const issueShown = name === "" ? undefined : issueMessage(issue);
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
        if (issue === null && !busy) onSubmit(name.trim());
      }}
    >
      <TextField
        label={t("dialogs.name")}
        hideLabel
        placeholder={t("dialogs.namePlaceholder")}
        hint={`${codePointLength(name.trim())} / ${config.dialog_name_max}`}
        error={issueShown ?? (error === null ? undefined : errorMessage(error, t))}
        value={name}
        onValueChange={setName}
        onKeyDown={onKeyDown}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
      />
      <div className="flex gap-2">
        <Button type="submit" variant="primary" busy={busy} disabled={issue !== null} className="grow">
          {action}
        </Button>
        {onCancel !== undefined && <Button onClick={onCancel}>{t("dialogs.cancel")}</Button>}
      </div>
    </form>
  );
}
