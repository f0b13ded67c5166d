const problem = {
  type: "object",
  description: "A problem document (RFC 9457). Some codes add facts of their own, such as `run_id`.",
  required: ["type", "title", "status", "detail", "code", "request_id"],
  properties: {
    type: { type: "string", description: "Always `about:blank`" },
    title: { type: "string", description: "The status in words" },
    status: { type: "integer" },
    detail: {
      type: "string",
      description: "A sentence for a person, in Russian when `Accept-Language` prefers it, else in English",
    },
    code: { type: "string", description: "A stable name of the problem, such as `dialog_not_found`" },
    request_id: { type: "string", description: "Names the request in the server's log" },
  },
};

const inputFault = {
  type: "object",
  required: ["loc", "msg", "type"],
  properties: {
    loc: {
      type: "array",
      items: { anyOf: [{ type: "string" }, { type: "integer" }] },
      description: "`body`, `path` or `query`, then the keys down to the value",
    },
    msg: { type: "string", description: "What is wrong with it, in the language of `detail`" },
    type: { type: "string", description: "A stable name of the kind of fault, such as `missing`" },
  },
};

/** Error bodies of the REST door, for `components.schemas`. */
export const problemSchemas = {
  Problem: problem,
  InputFault: inputFault,
  InvalidInput: {
    ...problem,
    description: "A problem document that names every fault of the input.",
    properties: {
      ...problem.properties,
      errors: { type: "array", items: { $ref: "#/components/schemas/InputFault" } },
    },
  },
} as const;
