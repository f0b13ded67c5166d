import { Toast } from "@base-ui/react/toast";

/** Shows a short piece of news. */
export function useToast(): (title: string) => void {
  const { add } = Toast.useToastManager();
  return (title) => void add({ title });
}
