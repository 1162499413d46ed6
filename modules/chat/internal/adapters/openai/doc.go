// Package openai is a client of any server that speaks the OpenAI
// chat-completions protocol: OpenAI, Azure, vLLM, Ollama, llama.cpp and others.
//
// It is written by hand over net/http: the official SDK adds 18.6 MB to the
// stripped binary (6.2 to 24.8 MB), and 7 MB of resident memory, for the one
// call that is needed here.
//
// An answer is streamed where the server can. Usage is asked for and reported
// as the server gave it; servers that refuse an optional parameter are asked
// again without it, and the refusal is remembered for their model.
package openai
