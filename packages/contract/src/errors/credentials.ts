import type { ErrorEntry } from "./entry.ts";

/** What is refused about service keys, personal tokens and the rights of operators. */
export const credentialErrors = {
  key_missing: {
    status: 401,
    failure: "refused",
    text: {
      en: "Header X-Messages-Key is missing. Send the service key in it, or as the bearer token.",
      ru: "Нет заголовка X-Messages-Key. Передайте ключ сервиса в нём или как токен Bearer.",
    },
  },
  key_invalid: {
    status: 401,
    failure: "refused",
    text: {
      en: "Header X-Messages-Key, or the bearer token, is not a valid key: it is mistyped, has expired or was revoked.",
      ru: "В заголовке X-Messages-Key или в токене Bearer недействительный ключ: он введён с ошибкой, истёк или отозван.",
    },
  },
  scope_missing: {
    status: 403,
    failure: "refused",
    facts: ["scope"],
    text: { en: "This key lacks the scope `{scope}`.", ru: "У этого ключа нет права `{scope}`." },
  },
  key_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such key, or it was revoked.", ru: "Такого ключа нет, или он отозван." },
  },
  key_limit: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "There are {limit} keys already. Revoke one that is no longer needed.",
      ru: "Ключей уже {limit}. Отзовите тот, который больше не нужен.",
    },
  },
  assistant_unknown: {
    status: 404,
    failure: "refused",
    facts: ["assistant"],
    text: { en: "There is no assistant `{assistant}`.", ru: "Ассистента `{assistant}` нет." },
  },
  token_invalid: {
    status: 401,
    failure: "signed_out",
    text: {
      en: "The personal token is not valid: it is mistyped, has expired or was ended.",
      ru: "Личный токен недействителен: он введён с ошибкой, истёк или завершён.",
    },
  },
  token_not_allowed: {
    status: 403,
    failure: "refused",
    text: {
      en: "A personal token may not do this. Please sign in.",
      ru: "С личным токеном это сделать нельзя. Войдите в аккаунт.",
    },
  },
  token_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such token.", ru: "Такого токена нет." },
  },
  token_limit: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "You have {limit} tokens already. End one that you no longer need.",
      ru: "У вас уже {limit} токенов. Завершите тот, который больше не нужен.",
    },
  },
  operator_only: {
    status: 403,
    failure: "refused",
    text: { en: "Only operators may do this.", ru: "Это может делать только администратор." },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
