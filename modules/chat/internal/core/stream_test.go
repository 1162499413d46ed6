package core

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The events of an answer are parts of one text, which moves while it grows.
func TestEventsKeepTheirWordsWhileTheAnswerGrows(t *testing.T) {
	s := &stream{cancel: func(error) {}}
	var said, kept strings.Builder
	for n := range 2000 {
		piece := fmt.Sprintf("%d é%s ", n, strings.Repeat("x", n%90))
		said.WriteString(piece)
		if err := s.delta(piece); err != nil {
			t.Fatal(err)
		}
		switch n % 7 {
		case 2:
			s.status(StepStream, "")
		case 4:
			s.take()
			s.stored(errors.New("the disk is full")) // it is taken again
		case 6:
			s.take()
			s.stored(nil)
		}
	}
	s.take()
	s.stored(nil)
	events, _, _ := s.after(0)
	for i, e := range events {
		if e.Sequence != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, e.Sequence)
		}
		kept.WriteString(e.Delta)
	}
	if kept.String() != said.String() || s.text() != said.String() {
		t.Errorf("of %d bytes the events have %d, and the text %d", said.Len(), kept.Len(), len(s.text()))
	}
}
