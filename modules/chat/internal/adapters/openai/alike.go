package openai

import (
	"bytes"
	"unicode/utf8"

	fastjson "github.com/go-json-experiment/json"
)

// alike knows the last piece of a stream that had nothing to say but a piece of
// the answer. Nearly all pieces of a stream differ in that text alone, and what
// stands before and after it need not be read again: that was a twentieth of
// what a run costs.
type alike struct {
	before, after []byte
	learned       int // how often, since it was of use
}

// mostLearned is how often in a row a server may vary what stands around the
// text before it is left alone.
const mostLearned = 8

// piece answers the text of an event that differs in it alone from the one that
// was learned.
func (k *alike) piece(data []byte) (string, bool) {
	if len(k.before) == 0 || !bytes.HasPrefix(data, k.before) || !bytes.HasSuffix(data[len(k.before):], k.after) {
		return "", false
	}
	text := data[len(k.before) : len(data)-len(k.after)]
	if unquoted(text) != len(text) {
		return "", false
	}
	k.learned = 0
	return string(text), true
}

// unquoted is how many bytes of a JSON string stand for themselves.
func unquoted(text []byte) int {
	for i, c := range text {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(text)
}

// event answers the text of the event that stream begins with, when all of the
// event is there and differs in its text alone from the one that was learned,
// and how long the event is; 0 when it is read line by line.
func (k *alike) event(stream []byte) (text []byte, size int) {
	const field = "data: "
	before := len(field) + len(k.before)
	if len(k.before) == 0 || len(stream) < before || string(stream[:len(field)]) != field || !bytes.Equal(stream[len(field):before], k.before) {
		return nil, 0
	}
	text = stream[before:]
	text = text[:unquoted(text)]
	rest, ok := bytes.CutPrefix(stream[before+len(text):], k.after)
	if !ok || !utf8.Valid(text) { // half a character waits for its other half
		return nil, 0
	}
	for _, end := range []string{"\n\n", "\r\n\r\n"} {
		if len(rest) >= len(end) && string(rest[:len(end)]) == end {
			k.learned = 0
			return text, before + len(text) + len(k.after) + len(end)
		}
	}
	return nil, 0
}

// learn takes an event that was read into chunk. One of several lines has other
// bytes in the stream, where each line has the name of the field before it.
func (k *alike) learn(data []byte, chunk *wireChunk) {
	if k.learned == mostLearned || !chunk.saysOnly() || bytes.IndexByte(data, '\n') >= 0 {
		return
	}
	k.learned++
	const name, probe = `"content":"`, "?"
	text := string(chunk.Choices[0].Delta.Content)
	if at := chunk.contentAt; at > 0 {
		k.keep(data[:at], data[at+len(text):])
		return
	}
	at := bytes.Index(data, []byte(name+text+`"`))
	if at < 0 {
		return
	}
	before, after := data[:at+len(name)], data[at+len(name)+len(text):]
	// It could be another text of that name: with another one in its place the
	// event must say that.
	var tried wireChunk
	if fastjson.Unmarshal(bytes.Join([][]byte{before, after}, []byte(probe)), &tried, likeStandard) != nil || !tried.saysOnly() ||
		tried.Choices[0].Delta.Content != probe {
		return
	}
	k.keep(before, after)
}

func (k *alike) keep(before, after []byte) {
	k.before, k.after = append(k.before[:0], before...), append(k.after[:0], after...)
}

// saysOnly reports whether a chunk has a piece of the answer and nothing else
// that matters.
func (c *wireChunk) saysOnly() bool {
	if len(c.Choices) != 1 || c.failed() || something(c.Usage) {
		return false
	}
	choice := &c.Choices[0]
	said := choice.Delta
	said.Content = ""
	return choice.Index == 0 && choice.FinishReason == "" && choice.Delta.Content != "" && said == wireContent{} && choice.Message == wireContent{}
}
