/** Where services report what happened. Fields hold ids, counts and codes; never secrets, e-mails or texts. */
export interface Log {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}

/** The same log, each line marked with the part of the platform that it speaks of. */
export function forModule(log: Log, module: string): Log {
  return {
    info: (fields, message) => log.info({ module, ...fields }, message),
    warn: (fields, message) => log.warn({ module, ...fields }, message),
    error: (fields, message) => log.error({ module, ...fields }, message),
  };
}
