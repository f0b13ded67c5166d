const minute = 60;
const hour = 3_600;

/** The window of each rate limit, in seconds, and who is counted. */
export const ratePolicies = {
  sign_in: { by: "address", windowSeconds: minute },
  /** What needs no credential, signing in apart. */
  public: { by: "address", windowSeconds: minute },
  /** Requests that were refused before their procedure: bad credentials, unknown paths. */
  refused: { by: "address", windowSeconds: minute },
  send: { by: "person", windowSeconds: minute },
  change: { by: "person", windowSeconds: minute },
  export: { by: "person", windowSeconds: hour },
  read: { by: "person", windowSeconds: minute },
  claim: { by: "key", windowSeconds: minute },
  report: { by: "key", windowSeconds: minute },
  operator: { by: "key", windowSeconds: minute },
} as const satisfies Readonly<Record<string, { by: "address" | "person" | "key"; windowSeconds: number }>>;

export type RatePolicy = keyof typeof ratePolicies;

export const ratePolicyNames = Object.keys(ratePolicies).filter((name): name is RatePolicy => name in ratePolicies);

/** Who is counted: the id of a user, an address, the name of a key. */
export type RateSubject = string | number;
