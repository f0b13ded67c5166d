import type { ErrorEntry } from "./entry.ts";

const unavailable = {
  en: "The service is unavailable right now. Please try again.",
  ru: "Сервис сейчас недоступен. Попробуйте ещё раз.",
};

/** What can happen to any request: overload, outages, malformed requests. */
export const transportErrors = {
  too_many_reads: {
    status: 503,
    failure: "unavailable",
    text: {
      en: "Too many dialogs are being read at once. Please try again.",
      ru: "Одновременно читается слишком много диалогов. Попробуйте ещё раз.",
    },
  },
  database_unavailable: { status: 503, failure: "unavailable", text: unavailable },
  database_overloaded: { status: 503, failure: "unavailable", text: unavailable },
  shutting_down: {
    status: 503,
    failure: "unavailable",
    facts: ["run_id"],
    text: {
      en: "The server is restarting. The answer will appear in the dialog.",
      ru: "Сервер перезапускается. Ответ появится в диалоге.",
    },
  },

  // Refused before a procedure is reached.
  too_many_requests: {
    status: 429,
    failure: "unavailable",
    // nginx refuses with this code too, without the facts.
    optionalFacts: ["policy", "retry_after"],
    text: {
      en: "Too many requests. Please try again later.",
      ru: "Слишком много запросов. Попробуйте позже.",
    },
  },
  bad_request: {
    status: 400,
    failure: "refused",
    text: { en: "The request is malformed.", ru: "Запрос повреждён." },
  },
  http_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "This is not a valid HTTP request: check its request line, headers and Content-Length, and that HTTPS goes to the HTTPS port.",
      ru: "Это не запрос HTTP: проверьте строку запроса, заголовки и Content-Length, и не пришёл ли HTTPS на порт для HTTP.",
    },
  },
  target_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "The path of the request is malformed: it begins with one slash, has no dot segments, and anything unusual in it is percent-encoded as UTF-8.",
      ru: "Путь запроса повреждён: он начинается с одной косой черты, не содержит «.» и «..», а необычные символы в нём записаны как %-коды UTF-8.",
    },
  },
  host_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "The Host header is missing, repeated or malformed.",
      ru: "Заголовок Host отсутствует, повторяется или повреждён.",
    },
  },
  query_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "A parameter of the query is repeated, or has a name that is not allowed.",
      ru: "Параметр строки запроса повторяется, или у него недопустимое имя.",
    },
  },
  body_malformed: {
    status: 400,
    failure: "refused",
    text: {
      en: "The JSON has a key that is not allowed (__proto__, constructor, prototype), or is nested too deeply.",
      ru: "В JSON есть недопустимый ключ (__proto__, constructor, prototype), или он вложен слишком глубоко.",
    },
  },
  json_invalid: {
    status: 400,
    failure: "refused",
    text: { en: "The body is not valid JSON.", ru: "Тело запроса — некорректный JSON." },
  },
  origin_refused: {
    status: 403,
    failure: "refused",
    text: { en: "Requests from this site are not accepted.", ru: "Запросы с этого сайта не принимаются." },
  },
  not_found: {
    status: 404,
    failure: "refused",
    optionalFacts: ["path"],
    text: {
      en: "There is nothing at {path}. The operations are listed at /docs.",
      ru: "По адресу {path} ничего нет. Список операций: /docs.",
    },
  },
  method_not_allowed: {
    status: 405,
    failure: "refused",
    text: { en: "This method is not supported here.", ru: "Этот метод здесь не поддерживается." },
  },
  payload_too_large: {
    status: 413,
    failure: "refused",
    facts: ["limit"],
    text: { en: "The body is larger than {limit} bytes.", ru: "Тело запроса больше {limit} байт." },
  },
  uri_too_long: {
    status: 414,
    failure: "refused",
    text: { en: "The address is too long.", ru: "Слишком длинный адрес." },
  },
  unsupported_media_type: {
    status: 415,
    failure: "refused",
    text: { en: "The body must be application/json.", ru: "Тело запроса должно быть application/json." },
  },
  content_encoding_refused: {
    status: 415,
    failure: "refused",
    facts: ["encoding"],
    text: {
      en: "Content-Encoding {encoding} is not accepted: send the body as it is.",
      ru: "Content-Encoding {encoding} не принимается: отправьте тело без сжатия.",
    },
  },
  expectation_failed: {
    status: 417,
    failure: "refused",
    text: {
      en: "The only expectation that is met is 100-continue.",
      ru: "Из ожиданий выполняется только 100-continue.",
    },
  },
  misdirected_request: {
    status: 421,
    failure: "refused",
    text: { en: "This host name is not served here.", ru: "Этот сервер не обслуживает такой хост." },
  },
  request_failed: {
    status: 400,
    failure: "refused",
    text: { en: "The request could not be processed.", ru: "Запрос не удалось обработать." },
  },
  internal: {
    status: 500,
    failure: "unavailable",
    text: { en: "Something went wrong on our side.", ru: "Что-то пошло не так на нашей стороне." },
  },

  request_timeout: {
    status: 408,
    failure: "unavailable",
    text: {
      en: "The request took too long to arrive: check its Content-Length.",
      ru: "Запрос передавался слишком долго: проверьте Content-Length.",
    },
  },
  headers_too_large: {
    status: 431,
    failure: "refused",
    text: { en: "The request headers are too large.", ru: "Слишком большие заголовки запроса." },
  },

  // Raised by nginx alone.
  forbidden: {
    status: 403,
    failure: "refused",
    text: { en: "This is not served here.", ru: "Здесь это недоступно." },
  },
  bad_gateway: { status: 502, failure: "unavailable", text: unavailable },
  unavailable: { status: 503, failure: "unavailable", text: unavailable },
  gateway_timeout: { status: 504, failure: "unavailable", text: unavailable },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
