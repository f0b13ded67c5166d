import { useChat } from "@ai-sdk/react";
import { createClient } from "@deepbot/client";
import { createChatTransport } from "@deepbot/client/react";

const transport = createChatTransport(createClient({ url: "" }));

export function useDialog(dialogId: number): ReturnType<typeof useChat> {
  return useChat({ id: String(dialogId), resume: true, transport });
}
