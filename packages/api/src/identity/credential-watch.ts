import type { Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";
import { AppError } from "../app-error.ts";

/** A session or a personal token: also the topic under which its end is notified. */
export type Credential = `session:${string}` | `token:${string}`;

/** What is told to a stream or a wait whose credential has ended. */
export function credentialEnd(credential: Credential): AppError {
  return new AppError(credential.startsWith("session:") ? "session_invalid" : "token_invalid");
}

/** Credentials with long-lived streams and waits. */
export interface CredentialWatches {
  /** @returns the function that stops watching */
  open: (credential: Credential, onEnd: () => void) => () => void;
  /** One statement for all sessions, for ends whose notification was lost. */
  pollSessions: () => Promise<void>;
  /** The same for all tokens, some of which expire. */
  pollTokens: () => Promise<void>;
}

type ListEnded = (ids: string[]) => Promise<string[]>;

export function createCredentialWatches(deps: {
  notifier: Notifier;
  statements: Pick<Statements, "listEndedSessions" | "listEndedTokens">;
}): CredentialWatches {
  const watched = new Map<Credential, Set<() => void>>();
  const { listEndedSessions, listEndedTokens } = deps.statements;

  const checkKind = async (kind: "session" | "token", listEnded: ListEnded, all: Credential[]): Promise<void> => {
    const ids = all.flatMap((credential) => (credential.startsWith(kind) ? [credential.slice(kind.length + 1)] : []));
    if (ids.length === 0) return;
    for (const id of await listEnded(ids)) {
      for (const onEnd of Array.from(watched.get(`${kind}:${id}`) ?? [])) onEnd();
    }
  };
  const checkSessions = (all: Credential[]): Promise<void> => checkKind("session", listEndedSessions, all);
  const checkTokens = (all: Credential[]): Promise<void> => checkKind("token", listEndedTokens, all);

  return {
    open: (credential, onEnd) => {
      const callbacks = watched.get(credential) ?? new Set();
      watched.set(credential, callbacks.add(onEnd));
      const check = credential.startsWith("session") ? checkSessions : checkTokens;
      // The next poll makes up for a check that fails.
      const onNotification = (): void => void check([credential]).catch(() => {});
      const unsubscribe = deps.notifier.subscribe(credential, onNotification);
      return () => {
        unsubscribe();
        callbacks.delete(onEnd);
        if (callbacks.size === 0 && watched.get(credential) === callbacks) watched.delete(credential);
      };
    },
    pollSessions: () => checkSessions([...watched.keys()]),
    pollTokens: () => checkTokens([...watched.keys()]),
  };
}
