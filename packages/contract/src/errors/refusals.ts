import type { ErrorEntry } from "./entry.ts";

/** What use cases refuse. */
export const refusals = {
  unauthenticated: {
    status: 401,
    failure: "signed_out",
    text: { en: "Please sign in.", ru: "Необходима авторизация" },
  },
  session_invalid: {
    status: 401,
    failure: "signed_out",
    text: { en: "The session is invalid or has expired.", ru: "Недействительный или просроченный токен" },
  },
  session_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such session.", ru: "Такого сеанса нет." },
  },
  account_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "This is not the account you are signed in to.", ru: "Вы вошли в другой аккаунт." },
  },
  google_token_missing: {
    status: 400,
    failure: "refused",
    text: { en: "The Google token is missing.", ru: "Gmail токен потерян" },
  },
  google_token_invalid: {
    status: 401,
    failure: "refused",
    text: { en: "The Google token was rejected.", ru: "Неверный токен Google" },
  },
  google_unavailable: {
    status: 503,
    failure: "unavailable",
    text: {
      en: "Google's certificates cannot be fetched right now. Please try again.",
      ru: "Не удалось получить сертификаты Google. Попробуйте ещё раз.",
    },
  },
  sign_in_not_allowed: {
    status: 403,
    failure: "refused",
    text: {
      en: "This account may not sign in here. Ask the operator for access.",
      ru: "Этому аккаунту вход сюда не разрешён. Обратитесь к администратору.",
    },
  },
  account_blocked: {
    status: 403,
    failure: "refused",
    text: {
      en: "This account is blocked. Ask the operator why.",
      ru: "Этот аккаунт заблокирован. Обратитесь к администратору.",
    },
  },
  sign_in_again: {
    status: 403,
    failure: "refused",
    text: { en: "Please sign in again to do this.", ru: "Для этого войдите ещё раз." },
  },
  credentials_mixed: {
    status: 400,
    failure: "refused",
    text: {
      en: "The request carries more than one credential: send one cookie or one key.",
      ru: "В запросе больше одного ключа или cookie: отправьте что-то одно.",
    },
  },
  authorization_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "The Authorization header is malformed: write “Bearer”, a space and the key or token, nothing else.",
      ru: "Заголовок Authorization повреждён: напишите «Bearer», пробел и ключ или токен, и больше ничего.",
    },
  },
  webhook_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such webhook.", ru: "Такого вебхука нет." },
  },
  webhook_limit: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "An assistant may have {limit} webhooks. Delete one first.",
      ru: "У ассистента может быть не больше {limit} вебхуков. Сначала удалите один из них.",
    },
  },
  webhook_url_refused: {
    status: 422,
    failure: "refused",
    text: {
      en: "The address of a webhook must begin with https://, lead to a public host, and have no user name or password.",
      ru: "Адрес вебхука должен начинаться с https://, вести на общедоступный хост и не содержать имени и пароля.",
    },
  },
  key_refused: { status: 403, failure: "refused", text: { en: "Forbidden", ru: "Forbidden" } },
  invalid_input: {
    status: 422,
    failure: "refused",
    text: { en: "The request is not valid.", ru: "Запрос составлен неверно." },
  },
  dialog_limit: {
    status: 403,
    failure: "refused",
    facts: ["limit"],
    text: { en: "You have reached the limit of {limit} dialogs.", ru: "Превышен лимит диалогов" },
  },
  dialog_full: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "This dialog has no room left: it may hold {limit} messages. Please start a new one.",
      ru: "В этом диалоге больше нет места: в нём может быть не больше {limit} сообщений. Начните новый.",
    },
  },
  quota_exceeded: {
    status: 429,
    failure: "refused",
    facts: ["quota", "limit", "resets_at"],
    text: {
      en: "You have reached your limit for today. You can ask again after midnight UTC.",
      ru: "Вы исчерпали лимит на сегодня. Задавать вопросы снова можно будет после полуночи по UTC.",
    },
  },
  dialog_not_found: {
    status: 404,
    failure: "refused",
    text: { en: "There is no such dialog.", ru: "Такого диалога нет." },
  },
  dialog_deleted: {
    status: 410,
    failure: "refused",
    text: {
      en: "The dialog was deleted before the answer arrived.",
      ru: "Диалог удалён до того, как пришёл ответ.",
    },
  },
  run_not_found: {
    status: 404,
    failure: "lease_lost",
    text: { en: "There is no such run.", ru: "Такого запроса к ИИ нет." },
  },
  answer_awaited: {
    status: 409,
    failure: "refused",
    facts: ["run_id"],
    text: { en: "This dialog is already waiting for an answer.", ru: "В этом диалоге уже ожидается ответ." },
  },
  client_message_id_reused: {
    status: 422,
    failure: "refused",
    text: {
      en: "This client_message_id was already used for a different text.",
      ru: "Этот client_message_id уже использован для другого текста.",
    },
  },
  answer_deadline: {
    status: 504,
    failure: "unavailable",
    facts: ["run_id"],
    text: { en: "No answer arrived in time.", ru: "Ответ не пришёл вовремя." },
  },
  answer_failed: {
    status: 502,
    failure: "unavailable",
    facts: ["run_id"],
    text: { en: "The AI could not answer. Please try again.", ru: "ИИ не смог ответить. Попробуйте ещё раз." },
  },
  run_cancelled: {
    status: 409,
    failure: "refused",
    facts: ["run_id"],
    text: { en: "The answer was cancelled.", ru: "Ответ отменён." },
  },
  run_ended: {
    status: 409,
    failure: "lease_lost",
    facts: ["state", "ended_at"],
    text: {
      en: "The run ended at {ended_at}: {state}.",
      ru: "Запрос к ИИ завершился в {ended_at}: {state}.",
    },
  },
  run_not_retryable: {
    status: 409,
    failure: "refused",
    text: {
      en: "Only the last question of a dialog can be asked again, and only while it has no answer.",
      ru: "Повторить можно только последний вопрос диалога, и только пока на него нет ответа.",
    },
  },
  retry_limit: {
    status: 409,
    failure: "refused",
    facts: ["limit"],
    text: {
      en: "This question was asked {limit} times. Please send it as a new message.",
      ru: "Этот вопрос уже задавался {limit} раз. Отправьте его новым сообщением.",
    },
  },
  answer_too_long: {
    status: 422,
    failure: "refused",
    text: {
      en: "The text is longer than an answer may be.",
      ru: "Текст длиннее, чем может быть ответ.",
    },
  },
  answer_missing: {
    status: 422,
    failure: "refused",
    text: {
      en: "There is no answer yet: send it as text, or append it before you complete the run.",
      ru: "Ответа ещё нет: передайте его в поле text или добавьте по частям до завершения.",
    },
  },
  seq_conflict: {
    status: 409,
    failure: "refused",
    facts: ["seq"],
    text: {
      en: "A different text is already stored under seq {seq}.",
      ru: "Под номером seq {seq} уже сохранён другой текст.",
    },
  },
  delta_gap: {
    status: 409,
    failure: "refused",
    facts: ["last_seq"],
    text: {
      en: "A delta is missing before this one: the last stored seq is {last_seq}.",
      ru: "Перед этим фрагментом пропущен другой: последний сохранённый seq — {last_seq}.",
    },
  },
  lease_lost: {
    status: 409,
    failure: "lease_lost",
    optionalFacts: ["lease_until"],
    text: {
      en: "You do not hold the lease of this run.",
      ru: "У вас нет аренды этого запроса.",
    },
  },
  lease_expired: {
    status: 409,
    failure: "lease_lost",
    optionalFacts: ["lease_until"],
    text: {
      en: "Your lease is over: it ran out, or you gave the run back.",
      ru: "Ваша аренда закончилась: её срок истёк, или вы вернули запрос.",
    },
  },
  lease_taken: {
    status: 409,
    failure: "lease_lost",
    optionalFacts: ["lease_until"],
    text: {
      en: "The run was claimed again after your lease: its lease_token is another one now.",
      ru: "После вашей аренды запрос взяли снова: теперь у него другой lease_token.",
    },
  },
  lease_token_wrong: {
    status: 409,
    failure: "lease_lost",
    optionalFacts: ["lease_until"],
    text: {
      en: "This lease_token does not belong to the run: send the one that claim returned.",
      ru: "Этот lease_token не относится к запросу: передайте тот, который вернул claim.",
    },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
