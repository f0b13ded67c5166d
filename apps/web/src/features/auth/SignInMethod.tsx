import { lazy, Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useConfig } from "../../api/config.ts";
import { errorMessage } from "../../api/error-message.ts";
import { DevSignIn } from "./DevSignIn.tsx";
import { useSignIn } from "./use-sign-in.ts";

const GoogleSignIn = lazy(async () => ({ default: (await import("./GoogleSignIn.tsx")).GoogleSignIn }));

/** Google's button, or a name on a development server, and why signing in failed. */
export function SignInMethod({ onSignedIn = () => {} }: { onSignedIn?: () => void }): ReactNode {
  const { t } = useTranslation();
  const { google_client_id: googleClientId } = useConfig();
  const { mutate, isPending, error } = useSignIn();
  const signIn = (token: string): void => mutate({ token }, { onSuccess: onSignedIn });
  return (
    <>
      {googleClientId === null ? (
        <DevSignIn onToken={signIn} busy={isPending} />
      ) : (
        <Suspense fallback={<div className="h-10" />}>
          <GoogleSignIn clientId={googleClientId} onToken={signIn} />
        </Suspense>
      )}
      {error !== null && (
        <p role="alert" className="text-sm text-danger">
          {errorMessage(error, t)}
        </p>
      )}
    </>
  );
}
