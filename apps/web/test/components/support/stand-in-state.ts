import { limits, type EndState, type OpenState, type RunEvent } from "@deepbot/contract";
import type { Outputs } from "@deepbot/api";

export type User = Outputs["auth"]["me"]["content"][number];
export type Message = Outputs["messages"]["list"]["messages"][number];
type Device = Outputs["sessions"]["list"]["sessions"][number];
type Token = Outputs["tokens"]["list"]["tokens"][number];

/** A run with its event stream: what was sent so far, and its open subscribers. */
export interface StoredRun {
  wire: Outputs["runs"]["get"];
  ownerId: number;
  question: string;
  deltas: string[];
  subscribers: Set<(id: string, event: RunEvent) => void>;
}

interface StoredDialog {
  dialogId: number;
  ownerId: number;
  name: string;
  messages: Message[];
  runIds: Map<string, number>;
}

export const dialogsPerUser = 5;

const now = "2026-01-02T03:04:05.000Z";

/** The rows of the stand-in server, kept in memory. */
export class StandInState {
  signedIn: User | null = null;
  /** Null for the sign-in of development. */
  googleClientId: string | null = null;
  readonly users = new Map<string, User>();
  readonly dialogs = new Map<number, StoredDialog>();
  readonly runs = new Map<number, StoredRun>();
  readonly devices: Device[] = [];
  readonly tokens: Token[] = [];
  #lastId = 100;

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** @param name also the local part of the e-mail address */
  user(name: string): User {
    const known = this.users.get(name);
    if (known !== undefined) return known;
    const user = {
      id: this.nextId(),
      email: `${name}@example.com`,
      given_name: name,
      family_name: null,
      picture: null,
    };
    this.users.set(name, user);
    return user;
  }

  /** Two devices: this one and a phone. */
  addDevices(): void {
    const times = { created_at: now, last_seen_at: now, expires_at: now };
    this.devices.push(
      { session_id: crypto.randomUUID(), user_agent: navigator.userAgent, current: true, ...times },
      { session_id: crypto.randomUUID(), user_agent: "Firefox/140.0 Android", current: false, ...times },
    );
  }

  addToken(name: string, days: number | null): Token {
    const token = {
      token_id: crypto.randomUUID(),
      name,
      prefix: "dbp_AbCdEf",
      created_at: now,
      expires_at: days === null ? null : new Date(Date.parse(now) + days * 86_400_000).toISOString(),
      last_used_at: null,
    };
    this.tokens.unshift(token);
    return token;
  }

  addDialog(ownerId: number, name: string, texts: readonly string[] = []): number {
    const dialogId = this.nextId();
    const dialog = { dialogId, ownerId, name, messages: [], runIds: new Map<string, number>() };
    this.dialogs.set(dialogId, dialog);
    texts.forEach((content, index) => this.addMessage(dialog, { role: index % 2 === 0 ? "user" : "bot", content }));
    return dialogId;
  }

  addMessage(dialog: StoredDialog, rest: Partial<Message>): Message {
    const message: Message = {
      message_id: this.nextId(),
      seq: dialog.messages.length + 1,
      role: "bot",
      content: "",
      created_at: now,
      partial: false,
      run: null,
      ...rest,
    };
    dialog.messages.push(message);
    return message;
  }

  addRun(dialog: StoredDialog, question: Message): StoredRun {
    const run: StoredRun = {
      ownerId: dialog.ownerId,
      question: question.content,
      deltas: [],
      subscribers: new Set(),
      wire: {
        run_id: this.nextId(),
        dialog_id: dialog.dialogId,
        question_id: question.message_id,
        state: "queued",
        attempt: 0,
        created_at: now,
        deadline_at: now,
        ended_at: null,
        cancel_requested: false,
        text: "",
        answer: null,
        usage: null,
        error: null,
      },
    };
    this.runs.set(run.wire.run_id, run);
    this.#showRun(run);
    return run;
  }

  emit(run: StoredRun, id: string, event: RunEvent): void {
    for (const send of run.subscribers) send(id, event);
  }

  setOpen(run: StoredRun, state: OpenState): void {
    run.wire.state = state;
    if (state === "running") {
      run.wire.attempt += 1;
      run.deltas = [];
      this.emit(run, `${run.wire.attempt}-0`, { type: "reset", attempt: run.wire.attempt });
    }
    this.#showRun(run);
  }

  /** Ends a run; an answer, or a part of one, becomes a message. */
  end(run: StoredRun, state: EndState, { text = "", reason = null }: { text?: string; reason?: string | null }): void {
    const dialog = this.dialogs.get(run.wire.dialog_id);
    if (dialog === undefined) return;
    run.wire = { ...run.wire, state, ended_at: now, error: reason === null ? null : { code: "test", message: reason } };
    if (state === "completed" || (state === "cancelled" && text !== "")) {
      const answer = this.addMessage(dialog, { content: text, partial: state === "cancelled" });
      run.wire.answer = { message_id: answer.message_id, content: text };
    }
    this.#showRun(run);
    this.emit(run, "end", { type: "end", run: run.wire });
  }

  page(
    dialog: StoredDialog,
    before = Infinity,
    limit: number = limits.messagePageDefault,
  ): Outputs["messages"]["list"] {
    const older = dialog.messages.filter(({ seq }) => seq < before);
    const messages = older.slice(-limit);
    return { messages, next_before: messages.length < older.length ? (messages[0]?.seq ?? null) : null };
  }

  #showRun({ wire }: StoredRun): void {
    const messages = this.dialogs.get(wire.dialog_id)?.messages ?? [];
    const index = messages.findIndex(({ message_id }) => message_id === wire.question_id);
    const question = messages[index];
    if (question === undefined) return;
    const run = { run_id: wire.run_id, state: wire.state, reason: wire.error?.message ?? null };
    messages[index] = { ...question, run };
  }
}
