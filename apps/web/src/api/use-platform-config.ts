/** What the platform says of itself. */
export interface PlatformConfig {
  googleClientId: string | null;
  dialogsPerUser: number;
}

export function usePlatformConfig(): PlatformConfig {
  return { googleClientId: null, dialogsPerUser: 5 };
}
