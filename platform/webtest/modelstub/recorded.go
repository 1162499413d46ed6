package modelstub

import "strings"

// Recording is what a server was seen to send, and what it means.
type Recording struct {
	Name        string
	Status      int // of HTTP; 0 for 200
	ContentType string
	Body        string
	// Text is the answer, or what came of it; Reasoning is what the model
	// thought before.
	Text, Reasoning string
	// Finish is the reason why the answer is finished; empty when it failed.
	Finish string
	// Reason is what the server said about its failure.
	Reason string
	// Usage is what the call used; nil when the server tells nothing that can be
	// believed.
	Usage *Usage
	// Takes are the roles of the messages that the model takes in place of
	// system, user, user, assistant, user; nil when it takes them as they are.
	Takes []string
}

// Usage are the tokens of a call. Cached are a part of Prompt, and Reasoning of
// Completion.
type Usage struct{ Prompt, Cached, Completion, Reasoning int64 }

// Behaviour answers with the recording.
func (r Recording) Behaviour() Behaviour {
	return Behaviour{Status: r.Status, Body: r.Body, ContentType: r.ContentType}
}

// piece is an event with a delta, given as JSON.
func piece(delta string) string {
	return `data: {"model":"stub-1","choices":[{"index":0,"delta":` + delta + `,"finish_reason":null}]}` + "\n\n"
}

func content(text string) string { return piece(`{"content":"` + text + `"}`) }

func finished(reason string) string {
	return `data: {"model":"stub-1","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n"
}

const done = "data: [DONE]\n\n"

// streamed is a recording of a stream.
func streamed(name, text string, events ...string) Recording {
	return Recording{Name: name, ContentType: "text/event-stream", Body: strings.Join(events, ""), Text: text, Finish: "stop"}
}

// failing is a recording of a stream that fails after "Half".
func failing(name, reason string, events ...string) Recording {
	r := streamed(name, "Half", append([]string{content("Half")}, events...)...)
	r.Finish, r.Reason = "", reason
	return r
}

func (r Recording) with(change func(*Recording)) Recording {
	change(&r)
	return r
}

// Recordings are the ways in which servers were seen to answer.
func Recordings() []Recording {
	stop := finished("stop") + done
	whole := func(name, body, reason string) Recording {
		return Recording{Name: name, ContentType: "text/event-stream", Body: body, Reason: reason}
	}
	return []Recording{
		streamed("a byte order mark before the first event", "Hi there", "\uFEFF", content("Hi"), content(" there"), stop),
		failing("a line that is an error and no data", "the slot was lost", `error: {"code":500,"message":"the slot was lost","type":"server_error"}`+"\n\n", done),
		failing("a line that is an error in words", "out of slots", "error: out of slots\n\n"),
		failing(
			"an object that calls itself an error",
			"CUDA out of memory",
			`data: {"object":"error","message":"CUDA out of memory","type":"InternalServerError","code":500}`+"\n\n",
			done,
		),
		failing("an error with a detail", "worker died", `data: {"detail":"worker died"}`+"\n\n", done),
		failing("an error with a list of details", "bad value", `data: {"detail":[{"loc":["body"],"msg":"bad value"}]}`+"\n\n", done),
		failing("an error in words", "engine is dead", `data: {"error":"engine is dead"}`+"\n\n", done),
		failing("an error in an object", "engine is dead", `data: {"error":{"message":"engine is dead","code":null}}`+"\n\n", done),
		failing("a list of errors", "no capacity", `data: {"errors":[{"message":"no capacity"}]}`+"\n\n", done),
		failing("an error event", "Overloaded", "event: error\n", `data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`+"\n\n", done),
		failing("an error event in words", "gateway timeout", "event: error\ndata: gateway timeout\n\n", done),
		failing("a bare object in a stream", "backend gone", `{"error":{"message":"backend gone"}}`+"\n", done),
		failing("finished by an error", `"error"`, finished("error"), done),
		failing("finished by being aborted", `"abort"`, finished("abort"), done),
		failing("done without being finished", "", done),
		failing("an error beside a choice", "provider returned 502",
			`data: {"error":{"code":502,"message":"provider returned 502"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`+"\n\n", done),
		whole("JSON in place of a stream", `{"error":{"message":"model is loading","code":503}}`, "model is loading"),
		whole("JSON on many lines, then the end", "{\n  \"object\": \"error\",\n  \"message\": \"no such adapter\"\n}\n\n"+done, "no such adapter"),
		whole("a detail in place of a stream", `{"detail":"Not ready"}`, "Not ready"),
		{Name: "a whole answer under the name of a stream", ContentType: "text/event-stream", Text: "All of it.", Finish: "stop",
			Body: `{"choices":[{"index":0,"message":{"role":"assistant","content":"All of it."},"finish_reason":"stop"}]}`},
		streamed("cut by the number of tokens", "Half", content("Half"), finished("length"), done).with(func(r *Recording) { r.Finish = "length" }),
		streamed("cut by Anthropic's name for it", "Half", content("Half"), finished("max_tokens"), done).with(func(r *Recording) { r.Finish = "length" }),
		streamed("cut by a filter", "Half", content("Half"), finished("content_filter"), done).with(func(r *Recording) { r.Finish = "content_filter" }),
		streamed("cut by Google's filter", "Half", content("Half"), finished("SAFETY"), done).with(func(r *Recording) { r.Finish = "content_filter" }),

		streamed("surrogates in two pieces", "so 😀!", content(`so \ud83d`), content(`\ude00!`), stop),
		streamed("bytes in two pieces", "so 😀!", content("so \xf0\x9f"), content("\x98\x80!"), stop),
		streamed("bytes in four pieces", "é😀", content("\xc3"), content("\xa9\xf0"), content("\x9f\x98"), content("\x80"), stop),
		streamed("half a character at the end", "so �", content(`so \ud83d`), stop),
		failing("half a character before a failure", "", content(`\ud83d`), done).with(func(r *Recording) { r.Text = "Half�" }),

		streamed(
			"reasoning between tags",
			"Green [1].",
			content("<think>Is it [9]?"),
			content(` No.</think>\n\nGreen [1].`),
			stop,
		).with(func(r *Recording) { r.Reasoning = "Is it [9]? No." }),
		streamed(
			"reasoning tags in pieces",
			"Green.",
			content(`\n<th`),
			content("ink>Hm"),
			content("m</thi"),
			content(`nk>\n`),
			content(`\nGr`),
			content("een."),
			stop,
		).
			with(func(r *Recording) { r.Reasoning = "Hmm" }),
		streamed("reasoning twice", "Green.", content("<think>a</think> <thinking>b</thinking>Green."), stop).with(func(r *Recording) { r.Reasoning = "ab" }),
		streamed("reasoning in a field", "Green.", piece(`{"reasoning_content":"Hm"}`), piece(`{"reasoning_content":"m","content":null}`), content("Green."), stop).
			with(func(r *Recording) { r.Reasoning = "Hmm" }),
		streamed(
			"reasoning in the other field",
			"Green.",
			piece(`{"reasoning":"Hm","content":""}`),
			content("Green."),
			stop,
		).with(func(r *Recording) { r.Reasoning = "Hm" }),
		streamed("reasoning without an end", "", content("<think>Hm"), stop).with(func(r *Recording) { r.Reasoning = "Hm" }),
		streamed("a tag that is no reasoning", "<thinly> so", content("<thin"), content("ly> so"), stop),
		streamed("a tag within the answer", "Use <think> here", content("Use <think> here"), stop),
	}
}
