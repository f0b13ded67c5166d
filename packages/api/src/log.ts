/** Fields hold ids, counts and codes, never secrets, e-mails or texts. */
export interface Log {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}
