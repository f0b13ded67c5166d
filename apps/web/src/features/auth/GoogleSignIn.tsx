import { GoogleLogin, GoogleOAuthProvider } from "@react-oauth/google";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNonce } from "./use-nonce.ts";

/** Google's own button. Its script is loaded only when this component is shown. */
export function GoogleSignIn({ clientId, onToken }: { clientId: string; onToken: (token: string) => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const [hasFailed, setHasFailed] = useState(false);
  const { nonce, hasFailed: hasNoNonce } = useNonce();
  return (
    <GoogleOAuthProvider clientId={clientId} locale={i18n.language} onScriptLoadError={() => setHasFailed(true)}>
      {nonce === undefined ? (
        <div className="h-10" />
      ) : (
        // Google reads the nonce when the button is made.
        <GoogleLogin
          key={nonce}
          nonce={nonce}
          width={300}
          onSuccess={({ credential }) => (credential === undefined ? setHasFailed(true) : onToken(credential))}
          onError={() => setHasFailed(true)}
        />
      )}
      {(hasFailed || hasNoNonce) && (
        <p role="alert" className="text-sm text-danger">
          {t("auth.googleFailed")}
        </p>
      )}
    </GoogleOAuthProvider>
  );
}
