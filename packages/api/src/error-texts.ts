import type { ErrorDetails } from "./domain/errors.ts";
import type { Locale } from "./domain/locale.ts";
import type { ErrorCode } from "./error-map.ts";

const texts: Readonly<Record<ErrorCode, Readonly<Record<Locale, string>>>> = {
  unauthenticated: { en: "Please sign in.", ru: "Необходима авторизация" },
  session_invalid: { en: "The session is not valid or has expired.", ru: "Недействительный или просроченный токен" },
  session_not_found: { en: "There is no such session.", ru: "Такого сеанса нет." },
  account_not_found: {
    en: "That is not the account that is signed in here.",
    ru: "Здесь выполнен вход в другой аккаунт.",
  },
  too_many_exports: {
    en: "An export is being made already. Please try again.",
    ru: "Выгрузка данных уже готовится. Попробуйте ещё раз.",
  },
  google_token_missing: { en: "The Google token is missing.", ru: "Gmail токен потерян" },
  google_token_invalid: { en: "Google's token was refused.", ru: "Неверный токен Google" },
  google_unavailable: {
    en: "Google's certificates cannot be fetched right now. Please try again.",
    ru: "Сертификаты Google сейчас недоступны. Попробуйте ещё раз.",
  },
  key_refused: { en: "Forbidden", ru: "Forbidden" },
  invalid_input: { en: "The request is not valid.", ru: "Запрос составлен неверно." },
  dialog_limit: { en: "The limit of dialogs is reached: {limit}.", ru: "Превышен лимит диалогов" },
  dialog_not_found: { en: "There is no such dialog.", ru: "Такого диалога нет." },
  dialog_deleted: {
    en: "The dialog was deleted before the answer came.",
    ru: "Диалог удалён раньше, чем пришёл ответ.",
  },
  run_not_found: { en: "There is no such run.", ru: "Такого запроса к ИИ нет." },
  answer_awaited: {
    en: "This dialog awaits an answer already.",
    ru: "В этом диалоге уже ожидается ответ.",
  },
  client_message_id_reused: {
    en: "This client_message_id belongs to a message with another text.",
    ru: "Этот client_message_id принадлежит сообщению с другим текстом.",
  },
  answer_deadline: { en: "No answer came in time.", ru: "Ответ не пришёл вовремя." },
  answer_failed: { en: "The AI could not answer. Please try again.", ru: "ИИ не смог ответить. Попробуйте ещё раз." },
  run_cancelled: { en: "The answer was cancelled.", ru: "Ответ отменён." },
  run_ended: { en: "This run has ended.", ru: "Этот запрос к ИИ уже завершён." },
  run_not_retryable: {
    en: "Only the last question of a dialog can be asked again, and only if it has no answer.",
    ru: "Повторить можно только последний вопрос диалога, и только если на него нет ответа.",
  },
  answer_too_long: {
    en: "The pieces together are longer than an answer may be.",
    ru: "Фрагменты вместе длиннее, чем может быть ответ.",
  },
  delta_gap: {
    en: "A delta is missing before this one: the last that is stored has seq {last_seq}.",
    ru: "Перед этим фрагментом не хватает другого: последний сохранённый имеет seq {last_seq}.",
  },
  too_many_watches: {
    en: "Too many answers are being watched at once. Please try again.",
    ru: "Одновременно открыто слишком много ответов. Попробуйте ещё раз.",
  },
  lease_lost: {
    en: "The lease is not yours (any more): it ran out, or another worker has the run.",
    ru: "Аренда больше не действует: её срок истёк, или запрос у другого исполнителя.",
  },
  database_unavailable: {
    en: "The service is not available right now. Please try again.",
    ru: "Сервис сейчас недоступен. Попробуйте ещё раз.",
  },
  shutting_down: {
    en: "The server is restarting. The answer will be in the dialog.",
    ru: "Сервер перезапускается. Ответ появится в диалоге.",
  },
  bad_request: { en: "The request is malformed.", ru: "Запрос искажён." },
  json_invalid: { en: "The body is not valid JSON.", ru: "Тело запроса не является корректным JSON." },
  origin_refused: {
    en: "Requests from this site are not accepted.",
    ru: "Запросы с этого сайта не принимаются.",
  },
  not_found: { en: "There is nothing at this address.", ru: "По этому адресу ничего нет." },
  method_not_allowed: { en: "This address does not take this method.", ru: "Этот метод здесь не поддерживается." },
  payload_too_large: { en: "The body is larger than {limit} bytes.", ru: "Тело запроса больше {limit} байт." },
  uri_too_long: { en: "The address is too long.", ru: "Адрес слишком длинный." },
  unsupported_media_type: {
    en: "The body must be application/json.",
    ru: "Тело запроса должно быть application/json.",
  },
  misdirected_request: { en: "This server does not serve this host.", ru: "Этот сервер не обслуживает этот хост." },
  request_failed: { en: "The request could not be handled.", ru: "Запрос не удалось обработать." },
  internal: {
    en: "Something went wrong on our side.",
    ru: "Что-то пошло не так на нашей стороне.",
  },
};

/** The sentence that a person may read. `{name}` in a text is filled from the error's details. */
export function errorText(code: ErrorCode, locale: Locale, details: ErrorDetails = {}): string {
  return texts[code][locale].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ""));
}
