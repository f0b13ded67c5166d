/** Tells the other tabs of this browser that something has changed. */
export interface TabSync {
  announce: () => void;
  listen: (onChange: () => void) => void;
}

export function createTabSync(): TabSync {
  const channel = new BroadcastChannel("deepbot");
  return {
    // A channel has no target origin: it reaches its own alone.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    announce: () => channel.postMessage("changed"),
    listen: (onChange) => channel.addEventListener("message", onChange),
  };
}
