package modelstub

// Usages are the ways in which servers were seen to tell what a call used, with
// what it means.
func Usages() []Recording {
	told := func(name, usage string, is *Usage) Recording {
		r := streamed(name, "Hi.", content("Hi."), finished("stop"), `data: {"model":"stub-1","choices":[],"usage":`+usage+"}\n\n", done)
		r.Usage = is
		return r
	}
	ten := func(more Usage) *Usage {
		more.Prompt, more.Completion = 10, 5
		return &more
	}
	return []Recording{
		told(
			"OpenAI",
			`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0}}`,
			ten(Usage{Cached: 4, Reasoning: 2}),
		),
		told("DeepSeek", `{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}`, ten(Usage{Cached: 4})),
		told(
			"a proxy in front of Anthropic",
			`{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"audio_tokens":null,"cached_tokens":0},"cache_read_input_tokens":4,"cache_creation_input_tokens":0}`,
			ten(Usage{Cached: 4}),
		),
		streamed(
			"beside a choice",
			"Hi.",
			content("Hi."),
			finished("stop"),
			`data: {"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4}}}`+"\n\n",
			done,
		).
			with(func(r *Recording) { r.Usage = ten(Usage{Cached: 4}) }),
		streamed(
			"in every piece, growing",
			"Hi.",
			`data: {"choices":[{"index":0,"delta":{"content":"H"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}}`+"\n\n",
			`data: {"choices":[{"index":0,"delta":{"content":"i."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}`+"\n\n",
			done,
		).
			with(func(r *Recording) { r.Usage = ten(Usage{}) }),
		told("two counts alone", `{"prompt_tokens":10,"completion_tokens":5}`, ten(Usage{})),
		told("a list for details", `{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":[],"completion_tokens_details":"none"}`, ten(Usage{})),
		told("null for details", `{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":null}`, ten(Usage{})),
		told("floats", `{"prompt_tokens":10.0,"completion_tokens":5.5}`, ten(Usage{})),
		told("a number in words", `{"prompt_tokens":"10","completion_tokens":5}`, ten(Usage{})),
		told("null for a count", `{"prompt_tokens":10,"completion_tokens":null}`, &Usage{Prompt: 10}),
		told(
			"an odd part of details",
			`{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":-2,"audio_tokens":[]}}`,
			ten(Usage{}),
		),
		told("an odd total", `{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"total_tokens":{}}`, ten(Usage{Cached: 4})),
		told("an exponent", `{"prompt_tokens":1e1,"completion_tokens":5}`, ten(Usage{})),
		told("more cached than sent", `{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":12}}`, ten(Usage{Cached: 10})),
		told("negative", `{"prompt_tokens":-1,"completion_tokens":5}`, nil),
		told("negative output", `{"prompt_tokens":10,"completion_tokens":-5}`, nil),
		told("more than any call uses", `{"prompt_tokens":1e12,"completion_tokens":5}`, nil),
		told("the largest integer", `{"prompt_tokens":9223372036854775807,"completion_tokens":1}`, nil),
		told("beyond a float", `{"prompt_tokens":1e999,"completion_tokens":1}`, nil),
		told("no prompt", `{"completion_tokens":5}`, nil),
		told("zeros", `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`, nil),
		told("nothing", `{}`, nil),
		told("null", `null`, nil),
		told("a list", `[]`, nil),
		told("words", `"many"`, nil),
	}
}
