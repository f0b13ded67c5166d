export interface ClientOptions {
  /** Origin of the platform, such as `http://127.0.0.1:8000`; "" for the page's own origin. */
  url: string;
  /** Sent with every call but not with event streams: an `EventSource` takes no headers. */
  headers?: () => Record<string, string>;
  fetch?: typeof fetch;
}
