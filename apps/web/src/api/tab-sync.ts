const news = ["changed", "signed_out"] as const;

/** Something was changed; or the person has signed out, and nothing of theirs may stay on the screen. */
export type TabNews = (typeof news)[number];

/** What the tabs of one browser tell each other. */
export interface TabSync {
  announce: (told: TabNews) => void;
  listen: (onNews: (told: TabNews) => void) => void;
}

export function createTabSync(): TabSync {
  const channel = new BroadcastChannel("deepbot");
  return {
    // A channel has no target origin: it reaches its own alone.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    announce: (told) => channel.postMessage(told),
    listen: (onNews) =>
      channel.addEventListener("message", ({ data }) => {
        const told = news.find((each) => each === data);
        if (told !== undefined) onNews(told);
      }),
  };
}
