package modelstub

import (
	"encoding/json"
	"net/http"
)

// refused is a recording of an error in place of an answer.
func refused(name string, status int, body string) Recording {
	return Recording{Name: name, Status: status, ContentType: "application/json", Body: body}
}

// worded is an error in the shape of OpenAI's, which most servers have taken
// over.
func worded(name string, status int, message string) Recording {
	text, err := json.Marshal(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}})
	if err != nil { // of plain strings
		return Recording{}
	}
	return refused(name, status, string(text))
}

// TooLong are the ways in which servers were seen to refuse a prompt for its
// length.
func TooLong() []Recording {
	const bad, large, failed = http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusInternalServerError
	return []Recording{
		refused(
			"OpenAI",
			bad,
			`{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.",`+
				`"type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
		),
		worded("Azure", bad, "Input tokens exceed the configured limit: reduce the length of the messages or completion."),
		refused(
			"llama.cpp",
			bad,
			`{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"invalid_request_error"}}`,
		),
		refused(
			"llama.cpp, newer",
			bad,
			`{"error":{"code":400,"message":"request (9001 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9001,"n_ctx":8192}}`,
		),
		refused("llama.cpp, as a failure", failed, `{"error":{"code":500,"message":"the request exceeds the available context size","type":"server_error"}}`),
		refused(
			"vLLM",
			bad,
			`{"object":"error","message":"The decoder prompt (length 9001) is longer than the maximum model length of 8192.","type":"BadRequestError","param":null,"code":400}`,
		),
		refused(
			"vLLM, newer",
			bad,
			`{"error":{"message":"Input length (9001) exceeds model's maximum context length (8192).","type":"BadRequestError","param":"input_tokens","code":400}}`,
		),
		refused("Anthropic", bad, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 199999 maximum"}}`),
		refused("Ollama", bad, `{"error":{"message":"input length exceeds maximum context length","type":"api_error","param":null,"code":null}}`),
		refused("Ollama, newer", bad, `{"error":"prompt too long; exceeded max context length by 12 tokens"}`),
		worded("Google", bad, "The input token count (9001) exceeds the maximum number of tokens allowed (8192)."),
		worded("Mistral", bad, "Prompt contains 9001 tokens, too large for model with 8192 maximum context length"),
		worded(
			"LM Studio",
			bad,
			"Trying to keep the first 9001 tokens when context the overflows. However, the model is loaded with context length of only 8192 tokens, which is not enough: context length exceeded",
		),
		refused("a detail", bad, `{"detail":"Input length (9001) exceeds model's maximum context length (8192)."}`),
		refused("a proxy that reads no more", large, `<html><body>413 Request Entity Too Large</body></html>`),
		worded("under another status", large, "This model's maximum context length is 8192 tokens."),
		worded("as a failure", failed, "This model's maximum context length is 8192 tokens."),
	}
}

// RefusedRoles are the ways in which models were seen to refuse the roles of a
// conversation, with those that they take.
func RefusedRoles() []Recording {
	without, alternating := []string{"user", "user", "assistant", "user"}, []string{"user", "assistant", "user"}
	takes := func(r Recording, roles []string) Recording { r.Takes = roles; return r }
	const bad, failed = http.StatusBadRequest, http.StatusInternalServerError
	return []Recording{
		takes(worded("no system role", bad, "System role not supported"), without),
		takes(worded("no system role, as a failure of the template", failed, "System role not supported"), without),
		takes(worded("no developer instruction", bad, "Developer instruction is not enabled for models/gemma-3-27b-it"), without),
		takes(refused("no system role, as a detail", bad, `{"detail":"This model does not support the system role."}`), without),
		takes(worded("roles in turn", bad, "Conversation roles must alternate user/assistant/user/assistant/..."), alternating),
		takes(
			refused(
				"roles in turn, of a template",
				failed,
				`{"object":"error","message":"After the optional system message, conversation roles must alternate user/assistant/user/assistant/...","type":"TemplateError","code":500}`,
			),
			alternating,
		),
		takes(worded("the user first", bad, "The first message must use the user role."), alternating),
		takes(worded("never twice", bad, "messages: consecutive user messages are not supported"), alternating),
	}
}

// Loading are the ways in which servers were seen to say that they load the
// model. Each refuses the call.
func Loading() []Recording {
	const later, failed = http.StatusServiceUnavailable, http.StatusInternalServerError
	return []Recording{
		refused("llama.cpp", later, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`),
		refused("Ollama", later, `{"error":{"message":"llm server loading model","type":"api_error","param":null,"code":null}}`),
		refused("Ollama, as a failure", failed, `{"error":"llm server loading model"}`),
		refused("Hugging Face", later, `{"error":"Model meta-llama/Meta-Llama-3-8B is currently loading","estimated_time":0.01}`),
		refused("LocalAI", later, `{"error":{"message":"the model is still being loaded","code":503,"type":""}}`),
	}
}
