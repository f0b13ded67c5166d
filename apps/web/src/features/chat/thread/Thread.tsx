import { ArrowDown } from "lucide-react";
import { useMemo, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { Announcer } from "./Announcer.tsx";
import type { MessageLog } from "../messages/message-log.ts";
import type { Unsent } from "../unsent/outbox.ts";
import { turnsOf } from "../messages/turns.ts";
import { OlderMessages } from "./OlderMessages.tsx";
import { LastTurn, PastTurn } from "./Turn.tsx";
import { UnsentMessage } from "./UnsentMessage.tsx";
import { useScrollAnchor } from "./use-scroll-anchor.ts";
import { useStickToEnd } from "./use-stick-to-end.ts";

interface ThreadProps {
  dialogId: number;
  name: string;
  log: MessageLog;
  unsent: Unsent | null;
}

/** The messages. `aria-live` is off because Announcer reports whole answers, not every word. */
export function Thread({ name, ...rest }: ThreadProps): ReactNode {
  const { t } = useTranslation();
  const label = t("chat.log", { name });
  if (rest.log.messages.length > 0 || rest.unsent !== null) return <FilledThread label={label} {...rest} />;
  return (
    <div role="log" aria-live="off" aria-label={label} className="flex min-h-0 grow overflow-y-auto">
      <EmptyState title={t("chat.emptyTitle")} text={t("chat.emptyText")} />
    </div>
  );
}

function FilledThread({ dialogId, label, log, unsent }: Omit<ThreadProps, "name"> & { label: string }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useScrollAnchor(scroller, list, log.messages[0]?.seq);
  const { isAtEnd, scrollToEnd } = useStickToEnd({ scroller, content, newest: unsent?.clientMessageId });
  const turns = useMemo(() => turnsOf(log.messages), [log.messages]);
  const last = turns.at(-1);
  return (
    <div className="relative min-h-0 grow">
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={label}
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain -outline-offset-2"
      >
        <div ref={content} className="mx-auto flex max-w-3xl flex-col gap-6 px-4 py-6">
          <OlderMessages dialogId={dialogId} before={log.nextBefore} scroller={scroller} />
          <ol ref={list} className="flex flex-col gap-6">
            {turns.slice(0, -1).map(({ key, ...turn }) => (
              <PastTurn key={key} {...turn} />
            ))}
            {last !== undefined && <LastTurn key={last.key} question={last.question} answers={last.answers} />}
            {unsent !== null && <UnsentMessage dialogId={dialogId} unsent={unsent} />}
          </ol>
        </div>
      </div>
      <Announcer run={last?.question?.run ?? null} answer={last?.answers.at(-1)} />
      {!isAtEnd && <ScrollToEnd onClick={scrollToEnd} />}
    </div>
  );
}

function ScrollToEnd({ onClick }: { onClick: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="absolute bottom-3 left-1/2 -translate-x-1/2">
      <IconButton label={t("chat.toEnd")} side="top" variant="floating" onClick={onClick}>
        <ArrowDown aria-hidden className="size-5" />
      </IconButton>
    </div>
  );
}
