import { useMutation, useQuery } from "@tanstack/react-query";
import { Monitor } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Outputs } from "@deepbot/api";
import { errorMessage } from "../../api/error-message.ts";
import { useTRPC } from "../../api/trpc.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { useToast } from "../../ui/use-toast.ts";
import { useForgetPerson } from "../auth/use-sign-out.ts";
import { deviceName } from "./device-name.ts";
import { Section } from "./Section.tsx";

type Device = Outputs["sessions"]["list"]["sessions"][number];

/** Without the year: sessions are shorter than that. */
const dateFormat = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;

function DeviceRow({ device }: { device: Device }): ReactNode {
  const { t, i18n } = useTranslation();
  const toast = useToast();
  const name = deviceName(device.user_agent) ?? t("settings.unknownDevice");
  const format = new Intl.DateTimeFormat(i18n.language, dateFormat);
  const when = (time: string): string => format.format(new Date(time));
  const { mutate, isPending } = useMutation(
    useTRPC().sessions.end.mutationOptions({
      onSuccess: () => toast(t("settings.ended")),
      onError: (error) => toast(errorMessage(error, t)),
    }),
  );
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <Monitor aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 grow">
        <p className="truncate font-medium">{name}</p>
        <p className="text-xs text-muted">{t("settings.lastSeenAt", { when: when(device.last_seen_at) })}</p>
        <p className="text-xs text-muted">{t("settings.signedInAt", { when: when(device.created_at) })}</p>
      </div>
      {device.current ? (
        <span className="shrink-0 rounded-full bg-accent-soft px-3 py-1 text-xs font-medium">
          {t("settings.thisDevice")}
        </span>
      ) : (
        <Button
          aria-label={t("settings.endLabel", { device: name })}
          busy={isPending}
          onClick={() => mutate({ session_id: device.session_id })}
        >
          {t("settings.end")}
        </Button>
      )}
    </li>
  );
}

function EndAll(): ReactNode {
  const { t } = useTranslation();
  const [isAsking, setIsAsking] = useState(false);
  const forgetPerson = useForgetPerson();
  const { mutate, isPending, error } = useMutation(
    useTRPC().sessions.endAll.mutationOptions({ onSuccess: forgetPerson }),
  );
  return (
    <div>
      <Button onClick={() => setIsAsking(true)}>{t("settings.endAll")}</Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={t("settings.endAllTitle")}
        text={t("settings.endAllText")}
        action={t("settings.endAll")}
        onConfirm={() => mutate()}
        busy={isPending}
        error={error === null ? undefined : errorMessage(error, t)}
      />
    </div>
  );
}

/** The devices that the person is signed in on. */
export function DevicesSection(): ReactNode {
  const { t } = useTranslation();
  const { data, error } = useQuery(useTRPC().sessions.list.queryOptions());
  return (
    <Section title={t("settings.devices")} hint={t("settings.devicesHint")}>
      {error !== null && data === undefined && <p className="text-sm text-danger">{errorMessage(error, t)}</p>}
      <ul className="min-h-16 divide-y divide-line rounded-xl border border-line">
        {data?.sessions.map((device) => (
          <DeviceRow key={device.session_id} device={device} />
        ))}
      </ul>
      <EndAll />
    </Section>
  );
}
