import type { Json } from "../convert-schemas.ts";

/** What one operation sends and receives in the story that all examples tell together. */
export interface Example {
  /** Of the path and the query. */
  parameters?: Readonly<Record<string, string | number>>;
  request?: Json;
  response?: Json;
  /** Of an event stream: the data of its events, by type. */
  events?: Readonly<Record<string, Json>>;
}

/** Ids that come up more than once. */
export const ids = {
  user: 2,
  dialog: 7,
  session: "5b2f6a0c-61c5-4a3e-9f7c-0d6f0c9a4e11",
  token: "7d3e1b52-4c8a-4f06-9b1d-2e5f8a7c6d90",
  personalToken: "dbp_4f9K2xQ7mT1vB8nR5wL3cZ6yH0jD2sG9aF4kP7tX1uE5iO3qV",
  key: "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
  serviceKey: "dbk_8sV3pQ9xK2mT7vB1nR4wL6cZ0yH5jD8sG3aF9kP2tX7uE1iO4",
  webhook: "3c1d5e7f-2a4b-4c6d-8e0f-9b1a3c5d7e9f",
  lease: "0f9c2d1e-3b5a-4c7d-8e6f-1a2b3c4d5e6f",
  clientMessage: "c1f7a3b2-9d4e-4f60-8a1b-2c3d4e5f6a7b",
} as const;

export const at = (minute: number, second = 0): string =>
  `2026-11-27T12:${String(minute).padStart(2, "0")}:${String(second).padStart(2, "0")}.000Z`;
