package sqlstore

import (
	"sync"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/jsonout"
)

// encoding is a text that is made of what write appends.
type encoding struct {
	into  *string
	write func(t *jsonout.Text)
}

// rooms are buffers for texts that are being made.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// largestRoom bounds a buffer that is kept for the next text, in bytes.
const largestRoom = 256 << 10

// encodeTogether makes texts in one piece of memory.
func encodeTogether(texts ...encoding) error {
	room, _ := rooms.Get().(*[]byte)
	t := jsonout.Text{Bytes: (*room)[:0], Own: appendOwn}
	ends := make([]int, len(texts))
	for i, e := range texts {
		e.write(&t)
		ends[i] = len(t.Bytes)
	}
	all, from := string(t.Bytes), 0
	for i, e := range texts {
		*e.into, from = all[from:ends[i]], ends[i]
	}
	if cap(t.Bytes) <= largestRoom {
		*room = t.Bytes
		rooms.Put(room)
	}
	return t.Err
}

// notNil is a list that is written as one when it is empty.
func notNil[V any](list []V) []V {
	if list == nil {
		return []V{}
	}
	return list
}

func appendReference(t *jsonout.Text, r *core.Reference) {
	t.Raw(`{"number":`)
	t.Int(int64(r.Number))
	t.Raw(`,"url":`)
	t.String(r.URL)
	t.Raw(`,"order":`)
	t.Int(int64(r.Order))
	t.Raw(`,"title":`)
	t.String(r.Title)
	t.Raw(`,"document_id":`)
	t.Int(r.DocumentID)
	t.Raw("}")
}

func appendThought(t *jsonout.Text, h *core.Thought) {
	t.Raw(`{"order":`)
	t.Int(int64(h.Order))
	t.Raw(`,"step":`)
	t.String(h.Step)
	t.Raw(`,"title":`)
	t.String(h.Title)
	t.Raw(`,"message":`)
	t.String(h.Message)
	t.Raw(`,"started_on":`)
	t.Time(h.StartedOn.UTC())
	t.Raw(`,"duration_ms":`)
	t.Int(h.DurationMS)
	t.Raw(`,"detail":`)
	if h.Data == nil && h.Detail != nil {
		t.Any(h.Detail)
	} else {
		t.Any(h.Data)
	}
	t.Raw("}")
}

func appendSupport(t *jsonout.Text, s *core.Support) {
	t.Raw(`{"number":`)
	t.Int(int64(s.Number))
	t.Raw(`,"chunk_id":`)
	t.Int(s.ChunkID)
	t.Raw(`,"document_id":`)
	t.Int(s.DocumentID)
	t.Raw(`,"corpus_id":`)
	t.Int(s.CorpusID)
	t.Raw(`,"title":`)
	t.String(s.Title)
	t.Raw(`,"url":`)
	t.String(s.URL)
	t.Raw(`,"text":`)
	t.String(s.Text)
	t.Raw(`,"page":`)
	if s.Page == nil {
		t.Raw("null")
	} else {
		t.Int(int64(*s.Page))
	}
	t.Raw(`,"score":`)
	t.Float(s.Score)
	t.Raw("}")
}

// appendOwn writes what thoughts have in their data.
func appendOwn(t *jsonout.Text, value any) bool {
	switch v := value.(type) {
	case []corpora.Candidate:
		jsonout.List(t, v, appendCandidate)
	case chat.Usage:
		v.AppendJSON(t)
	default:
		return false
	}
	return true
}

func appendCandidate(t *jsonout.Text, c *corpora.Candidate) {
	t.Raw(`{"chunk_id":`)
	t.Int(c.ChunkID)
	t.Raw(`,"document_id":`)
	t.Int(c.DocumentID)
	t.Raw(`,"title":`)
	t.String(c.Title)
	t.Raw(`,"score":`)
	t.Float(c.Score)
	t.Raw(`,"kept":`)
	t.Bool(c.Kept)
	t.Raw(`,"why":`)
	t.String(c.Why)
	t.Raw("}")
}

// appendEarlier writes an event; what is empty is left out, but for the step.
func appendEarlier(t *jsonout.Text, e *core.StreamEvent) {
	t.Raw(`{"step":`)
	t.String(e.Step)
	for _, f := range [...]struct{ name, text string }{{`,"message":`, e.Message}, {`,"delta":`, e.Delta}, {`,"code":`, e.Code}, {`,"details":`, e.Details}} {
		if f.text != "" {
			t.Raw(f.name)
			t.String(f.text)
		}
	}
	t.Raw("}")
}
