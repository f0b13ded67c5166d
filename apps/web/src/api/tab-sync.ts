const messages = ["changed", "signed_out"] as const;

/** `changed`: reload the data. `signed_out`: remove everything of that person from the screen. */
export type TabMessage = (typeof messages)[number];

/** Messages between the tabs of one browser. */
export interface TabSync {
  announce: (message: TabMessage) => void;
  listen: (onMessage: (message: TabMessage) => void) => void;
}

export function createTabSync(): TabSync {
  const channel = new BroadcastChannel("deepbot");
  return {
    // A broadcast channel never leaves its own origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    announce: (message) => channel.postMessage(message),
    listen: (onMessage) =>
      channel.addEventListener("message", ({ data }) => {
        const message = messages.find((each) => each === data);
        if (message !== undefined) onMessage(message);
      }),
  };
}
