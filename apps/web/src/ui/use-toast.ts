import { Toast } from "@base-ui/react/toast";

export function useToast(): (title: string) => void {
  const { add } = Toast.useToastManager();
  return (title) => void add({ title });
}
