package openai

import "unicode/utf8"

// usual reads the chunks that nearly all servers send, in a tenth of the time
// that a library needs: objects of known names, with strings that need no
// unquoting, whole numbers and null. It refuses all else, which is then read by
// the library; what it takes, it reads as the library does.
type usual struct {
	data []byte
	at   int
}

// usually reads a chunk, if it is one that usual takes. When it is not, c may be
// half read. Its model is most often that of the chunk before, which costs no
// copy then.
func (c *wireChunk) usually(data []byte, model string) bool {
	u := usual{data: data}
	ok := u.object(func(name []byte) (field, bool) {
		switch string(name) {
		case "object":
			return fieldObject, u.name(&c.Object, "chat.completion.chunk")
		case "model":
			return fieldModel, u.name(&c.Model, model)
		case "choices":
			return fieldChoices, u.choices(c)
		case "usage":
			from := u.space()
			if !u.value(deepest) {
				return fieldUsage, false
			}
			c.Usage = data[from:u.at:u.at]
			return fieldUsage, true
		case "id", "created", "system_fingerprint", "service_tier", "provider", "obfuscation":
			return 0, u.value(deepest)
		}
		return 0, false
	})
	return ok && u.space() == len(data)
}

// deepest is how many objects may be in one another.
const deepest = 3

// field is a name that an object may have once; 0 is one whose value is not
// looked at, which may come more often.
type field uint16

const (
	fieldObject field = 1 << iota
	fieldModel
	fieldChoices
	fieldUsage
	fieldIndex
	fieldDelta
	fieldFinish
	fieldContent
	fieldPrompt
	fieldCompletion
	fieldCacheHit
	fieldPromptDetails
	fieldCompletionDetails
	fieldCached
	fieldReasoning
)

func (u *usual) choices(c *wireChunk) bool {
	if !u.is('[') {
		return false
	}
	if u.is(']') {
		return true
	}
	c.Choices = append(c.Choices, wireChoice{})
	choice := &c.Choices[0]
	return u.object(func(name []byte) (field, bool) {
		switch string(name) {
		case "index":
			return fieldIndex, u.is('0')
		case "delta":
			return fieldDelta, u.delta(c, choice)
		case "finish_reason":
			return fieldFinish, u.text(&choice.FinishReason)
		case "logprobs", "stop_reason", "token_ids", "native_finish_reason":
			return 0, u.value(deepest)
		}
		return 0, false
	}) && u.is(']')
}

func (u *usual) delta(c *wireChunk, choice *wireChoice) bool {
	return u.object(func(name []byte) (field, bool) {
		switch string(name) {
		case "content":
			ok := u.text(&choice.Delta.Content)
			if n := len(choice.Delta.Content); n > 0 {
				c.contentAt = u.at - len(`"`) - n
			}
			return fieldContent, ok
		case "role":
			return 0, u.value(deepest)
		case "refusal", "reasoning", "reasoning_content", "tool_calls", "function_call":
			return 0, u.null()
		}
		return 0, false
	})
}

// object reads an object. read reads the value behind a name and answers which
// field that is; false ends it. No field but 0 is taken twice.
func (u *usual) object(read func(name []byte) (field, bool)) bool {
	if !u.is('{') {
		return false
	}
	seen := field(0)
	for first := true; !u.is('}'); first = false {
		if !first && !u.is(',') {
			return false
		}
		name, ok := u.string()
		if !ok || !u.is(':') {
			return false
		}
		which, ok := read(name)
		if !ok || seen&which != 0 {
			return false
		}
		seen |= which
	}
	return true
}

// value reads past a value.
func (u *usual) value(depth int) bool {
	from := u.space()
	switch {
	case depth == 0 || from == len(u.data):
		return false
	case u.data[from] == '{':
		return u.object(func([]byte) (field, bool) { return 0, u.value(depth - 1) })
	case u.data[from] == '"':
		_, ok := u.string()
		return ok
	case u.data[from] == '0':
		u.at++
		return true
	}
	for u.at < len(u.data) && u.data[u.at] >= '0' && u.data[u.at] <= '9' {
		u.at++
	}
	return u.at > from || u.null() // what else a number may have is refused by what reads on
}

func (u *usual) text(to *text) bool {
	if u.null() {
		return true
	}
	s, ok := u.string()
	*to = text(s)
	return ok
}

// name reads a string that is most often known.
func (u *usual) name(to *string, known string) bool {
	s, ok := u.string()
	if *to = known; string(s) != known {
		*to = string(s)
	}
	return ok && utf8.Valid(s)
}

func (u *usual) string() ([]byte, bool) {
	if !u.is('"') {
		return nil, false
	}
	s := u.data[u.at:]
	s = s[:unquoted(s)]
	if u.at+len(s) == len(u.data) || u.data[u.at+len(s)] != '"' {
		return nil, false
	}
	u.at += len(s) + 1
	return s, true
}

func (u *usual) null() bool {
	const null = "null"
	if end := u.space() + len(null); end <= len(u.data) && string(u.data[u.at:end]) == null {
		u.at = end
		return true
	}
	return false
}

// is reads past one byte, if that is what comes next.
func (u *usual) is(c byte) bool {
	if u.space() < len(u.data) && u.data[u.at] == c {
		u.at++
		return true
	}
	return false
}

// space reads past white space, and answers where that ends.
func (u *usual) space() int {
	for u.at < len(u.data) && (u.data[u.at] == ' ' || u.data[u.at] == '\t' || u.data[u.at] == '\r' || u.data[u.at] == '\n') {
		u.at++
	}
	return u.at
}
