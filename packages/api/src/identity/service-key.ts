import { serviceKeyScopes, type ServiceKeyScope } from "@deepbot/contract";
import { environmentKeyId } from "@deepbot/db";

/** The service key of a request, as far as it may act. */
export interface ServiceKey {
  keyId: string;
  scopes: readonly ServiceKeyScope[];
  /** The assistants whose runs it reaches; null means all. */
  assistantIds: readonly number[] | null;
}

/** The key of the environment may do everything. */
export const environmentKey: ServiceKey = { keyId: environmentKeyId, scopes: serviceKeyScopes, assistantIds: null };
