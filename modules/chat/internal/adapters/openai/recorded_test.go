package openai

import (
	"errors"
	"strings"
	"testing"

	"parley/platform/webtest/modelstub"
)

func TestWhatServersWereSeenToSend(t *testing.T) {
	for _, r := range modelstub.Recordings() {
		t.Run(r.Name, func(t *testing.T) {
			stub := modelstub.New(r.Behaviour())
			result, deltas, err := ask(t.Context(), start(t, stub, Config{}), Request{})
			if result.Text != r.Text || strings.Join(deltas, "") != r.Text || result.Reasoning != r.Reasoning {
				t.Errorf("got %q, %q, reasoning %q", result.Text, deltas, result.Reasoning)
			}
			if n := len(stub.Requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
			if r.Finish != "" {
				if err != nil || result.FinishReason != r.Finish {
					t.Errorf("finished by %q, %v", result.FinishReason, err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Reason, r.Reason) || e.Message == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPiecesOfAnySizeMakeTheSameText(t *testing.T) {
	const whole = "<think>Größe? 漢字</think>\n Größe 😀 漢字 </think> <"
	for size := 1; size < len(whole); size++ {
		var j joiner
		var s splitter
		var thought, said strings.Builder
		take := func(piece string) {
			a, b := s.add(piece)
			thought.WriteString(a)
			said.WriteString(b)
		}
		for rest := whole; rest != ""; rest = rest[min(size, len(rest)):] {
			take(j.add(rest[:min(size, len(rest))]))
		}
		take(j.flush())
		said.WriteString(s.flush())
		if thought.String() != "Größe? 漢字" || said.String() != "Größe 😀 漢字 </think> <" {
			t.Errorf("pieces of %d bytes: %q, %q", size, thought.String(), said.String())
		}
	}
}
