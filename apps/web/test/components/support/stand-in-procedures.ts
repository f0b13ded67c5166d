import { limits, type ErrorCode } from "@deepbot/contract";
import type { Inputs, Outputs } from "@deepbot/api";
import { dialogsPerUser, type StandInState, type StoredRun, type User } from "./stand-in-state.ts";

/** A refusal of the stand-in server. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    super(code);
    this.code = code;
  }
}

type Queries =
  | "auth.me"
  | "config.get"
  | "dialogs.list"
  | "messages.list"
  | "sessions.list"
  | "tokens.list"
  | "account.export";
type Mutations =
  | "auth.nonce"
  | "auth.signIn"
  | "auth.logout"
  | "dialogs.create"
  | "dialogs.rename"
  | "dialogs.delete"
  | "runs.start"
  | "runs.cancel"
  | "runs.retry"
  | "sessions.end"
  | "sessions.endAll"
  | "tokens.create"
  | "tokens.end"
  | "account.delete";

/** Paths of the procedures that the pages call. */
export type Path = Queries | Mutations;

type At<Tree, P extends string> = P extends `${infer Router}.${infer Procedure}`
  ? Router extends keyof Tree
    ? Procedure extends keyof Tree[Router]
      ? Tree[Router][Procedure]
      : never
    : never
  : never;

export type Procedures = { [P in Path]: (input: At<Inputs, P>) => At<Outputs, P> };

const config: Omit<Outputs["config"]["get"], "sign_in" | "google_client_id"> = {
  dialogs_per_user: dialogsPerUser,
  question_min: limits.questionMin,
  question_max: limits.questionMax,
  message_page_max: limits.messagePageMax,
  answer_deadline_ms: 120_000,
  dialog_name_min: limits.dialogNameMin,
  dialog_name_max: limits.dialogNameMax,
};

const ok = "ok" as const;

function lookUps(state: StandInState) {
  const me = (): User => {
    if (state.signedIn === null) throw new Refusal("unauthenticated");
    return state.signedIn;
  };
  return {
    me,
    ownDialogs: () => [...state.dialogs.values()].filter(({ ownerId }) => ownerId === me().id),
    ownDialog: (dialogId: number) => {
      const dialog = state.dialogs.get(dialogId);
      if (dialog?.ownerId !== me().id) throw new Refusal("dialog_not_found");
      return dialog;
    },
    ownRun: (runId: number): StoredRun => {
      const run = state.runs.get(runId);
      if (run?.ownerId !== me().id) throw new Refusal("run_not_found");
      return run;
    },
  };
}

type LookUps = ReturnType<typeof lookUps>;

function dialogProcedures(state: StandInState, { me, ownDialog, ownDialogs }: LookUps) {
  return {
    "dialogs.list": () => ({
      server: ok,
      dialogs: ownDialogs().map(({ dialogId, name }) => ({ dialog_id: dialogId, dialog_name: name, flag: false })),
    }),
    "dialogs.create": ({ dialog_name }) => {
      if (ownDialogs().length >= dialogsPerUser) throw new Refusal("dialog_limit");
      return { server: ok, dialog: state.addDialog(me().id, dialog_name) };
    },
    "dialogs.rename": ({ dialog_id, dialog_name }) => {
      ownDialog(dialog_id).name = dialog_name;
      return { server: ok, status: true };
    },
    "dialogs.delete": ({ dialog_id }) => {
      state.dialogs.delete(ownDialog(dialog_id).dialogId);
      return { server: ok, status: "Диалог удалён" };
    },
    "messages.list": ({ dialog_id, before, limit }) => state.page(ownDialog(dialog_id), before, limit),
  } satisfies Partial<Procedures>;
}

function runProcedures(state: StandInState, { ownDialog, ownRun }: LookUps) {
  return {
    "runs.start": ({ dialog_id, text_user, client_message_id = "" }) => {
      const dialog = ownDialog(dialog_id);
      const repeated = state.runs.get(dialog.runIds.get(client_message_id) ?? 0);
      if (repeated !== undefined) return repeated.wire;
      const question = state.addMessage(dialog, { role: "user", content: text_user });
      const run = state.addRun(dialog, question);
      dialog.runIds.set(client_message_id, run.wire.run_id);
      return run.wire;
    },
    "runs.cancel": ({ run_id }) => {
      const run = ownRun(run_id);
      run.wire.cancel_requested = true;
      if (run.wire.state === "queued") state.end(run, "cancelled", {});
      return run.wire;
    },
    "runs.retry": ({ run_id }) => {
      const { wire } = ownRun(run_id);
      const dialog = ownDialog(wire.dialog_id);
      const question = dialog.messages.find(({ message_id }) => message_id === wire.question_id);
      if (question === undefined) throw new Refusal("run_not_retryable");
      return state.addRun(dialog, question).wire;
    },
  } satisfies Partial<Procedures>;
}

function tokenProcedures(state: StandInState, { me }: LookUps) {
  return {
    "tokens.list": () => {
      me();
      return { tokens: state.tokens };
    },
    "tokens.create": ({ name, expires_in_days = null }) => ({
      ...state.addToken(name, expires_in_days),
      token: "dbp_the-token-itself",
    }),
    "tokens.end": ({ token_id }) => {
      const index = state.tokens.findIndex((token) => token.token_id === token_id);
      if (index === -1) throw new Refusal("token_not_found");
      state.tokens.splice(index, 1);
      return { token_id };
    },
  } satisfies Partial<Procedures>;
}

function accountProcedures(state: StandInState, { me }: LookUps) {
  const signOut = (): void => {
    state.signedIn = null;
  };
  return {
    "auth.me": () => ({ server: ok, content: [me()] }),
    "auth.nonce": () => ({ nonce: `nonce-${state.nextId()}` }),
    "auth.signIn": ({ token }) => {
      state.signedIn = state.user(token ?? "");
      return { status: "successful", ...state.signedIn };
    },
    "auth.logout": () => {
      signOut();
      return { server: ok };
    },
    "sessions.list": () => {
      me();
      return { sessions: state.devices };
    },
    "sessions.end": ({ session_id }) => {
      const index = state.devices.findIndex((device) => device.session_id === session_id);
      if (index === -1) throw new Refusal("session_not_found");
      state.devices.splice(index, 1);
      return { session_id };
    },
    "sessions.endAll": () => {
      signOut();
      return { ended: state.devices.length };
    },
    "account.export": () => {
      throw new Refusal("too_many_exports");
    },
    "account.delete": ({ user_id }) => {
      if (me().id !== user_id) throw new Refusal("account_not_found");
      state.users.delete(me().given_name ?? "");
      signOut();
      return { user_id };
    },
  } satisfies Partial<Procedures>;
}

/** What the stand-in server does for each call. */
export function createProcedures(state: StandInState): Procedures {
  const found = lookUps(state);
  return {
    "config.get": () => {
      const { googleClientId } = state;
      return {
        ...config,
        sign_in: googleClientId === null ? "development" : "google",
        google_client_id: googleClientId,
      };
    },
    ...accountProcedures(state, found),
    ...tokenProcedures(state, found),
    ...dialogProcedures(state, found),
    ...runProcedures(state, found),
  };
}
