import { Check, Copy } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./IconButton.tsx";
import { useToast } from "./use-toast.ts";

const showDoneMs = 2_000;

export function CopyButton({ label, text }: { label: string; text: string }): ReactNode {
  const { t } = useTranslation();
  const toast = useToast();
  const [isDone, setIsDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setIsDone(false), showDoneMs);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setIsDone(true);
    } catch {
      toast(t("chat.copyFailed"));
    }
  };
  const Icon = isDone ? Check : Copy;
  return (
    <IconButton label={isDone ? t("chat.copied") : label} onClick={() => void copy()}>
      <Icon aria-hidden className="size-4" />
    </IconButton>
  );
}
