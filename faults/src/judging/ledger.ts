/** A question for which a server sent a 2xx. */
export interface Receipt {
  dialogId: number;
  userId: number;
  clientMessageId: string;
  text: string;
  runId: number;
  questionId: number;
}

/** Every 2xx, and every violation that was seen. */
export interface Ledger {
  receipts: Receipt[];
  faults: string[];
  /** A crash of the database empties the table of deltas: streams may then miss deltas, never the answer. */
  mayLoseDeltas: boolean;
  /** How often each status came back; 0 is a broken connection. */
  statuses: Map<number, number>;
  count: (status: number) => void;
  /** Drops the receipts of a deleted dialog. */
  forget: (dialogId: number) => void;
}

export function createLedger(): Ledger {
  const ledger: Ledger = {
    receipts: [],
    faults: [],
    mayLoseDeltas: false,
    statuses: new Map(),
    count: (status) => void ledger.statuses.set(status, (ledger.statuses.get(status) ?? 0) + 1),
    forget: (dialogId) => {
      ledger.receipts = ledger.receipts.filter((receipt) => receipt.dialogId !== dialogId);
    },
  };
  return ledger;
}
