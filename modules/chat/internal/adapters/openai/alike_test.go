package openai

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// said reads events in order and answers the text.
func said(t *testing.T, a *answer, events ...string) string {
	t.Helper()
	var text strings.Builder
	a.client = &Client{}
	a.emit = func(piece string) error { text.WriteString(piece); return nil }
	for _, e := range events {
		if err := a.event([]byte(e)); err != nil {
			t.Fatalf("%s: %v", e, err)
		}
	}
	return text.String()
}

func TestPiecesThatAreReadByWhatTheyHaveInCommonSayTheSame(t *testing.T) {
	const usual = `{"id":"a","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"%s"},"finish_reason":null}]}`
	shapes := []string{
		usual,
		`{"choices":[{"delta":{"content": "%s"},"index":0}],"note":{"content":"%[1]s"}}`,
		`{"note":{"content":"%s"},"choices":[{"delta":{"content":"%[1]s"},"index":0}]}`,
		`{"choices":[{"delta":{"content":"%s","content":"%[1]s"},"index":0}]}`,
		`{"choices":[{"delta":{"content":"%s","reasoning":"why"},"index":0}]}`,
		`{"choices":[{"delta":{"content":"%s"},"index":1}]}`,
		`{"choices":[{"delta":{"content":"%s"},"index":0},{"delta":{"content":"no"},"index":1}]}`,
		`{"choices":[{"delta":{"content":"%s"},"index":0}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`,
		`{"choices":[{"delta":{"content":"%s"},"index":0,"finish_reason":"length"}]}`,
		`{"note":"\"content\":\"%s\"","choices":[{"delta":{"content":"%[1]s"},"index":0}]}`,
	}
	texts := []string{"one ", "one ", `a\"b`, `\u00fc \n`, "", "]}", `x\\`, `","index":1,"x":"`, "ü漢", "last"}
	for _, shape := range shapes {
		whole := &answer{}
		var events []string
		alone := ""
		for _, text := range texts {
			e := fmt.Sprintf(shape, text)
			if strings.Contains(text, `","`) && shape != usual {
				continue // it would be another event
			}
			events = append(events, e)
			a := &answer{}
			alone += said(t, a, e)
		}
		if got := said(t, whole, events...); got != alone {
			t.Errorf("%s: together %q, one by one %q", shape, got, alone)
		}
	}
}

func TestOnlyWhatIsProvedIsLearned(t *testing.T) {
	event := func(text string) string { return `{"choices":[{"index":0,"delta":{"content":"` + text + `"}}]}` }
	a := &answer{}
	said(t, a, event("one"))
	if _, ok := a.alike.piece([]byte(event("two"))); !ok {
		t.Error("a piece that differs in its text alone is read whole")
	}
	for _, other := range []string{`tw\"o`, `tw"o`, "tw\no", `tw\u00fc`} {
		if text, ok := a.alike.piece([]byte(event(other))); ok {
			t.Errorf("%q was taken for the text %q", other, text)
		}
	}
	if _, ok := a.alike.piece([]byte(`{"choices":[{"index":0,"delta":{"content":"`)); ok {
		t.Error("half an event was taken for a piece")
	}
	b := &answer{}
	said(t, b, `{"note":{"content":"one"},"choices":[{"index":0,"delta":{"content":"one"}}]}`)
	if len(b.alike.before) > 0 {
		t.Error("a text of the same name elsewhere was learned")
	}
	c := &answer{}
	for n := range 3 * mostLearned {
		said(t, c, fmt.Sprintf(`{"pad":"%d","choices":[{"index":0,"delta":{"content":"one"}}]}`, n))
	}
	if c.alike.learned != mostLearned {
		t.Errorf("of a server that varies its events %d were learned", c.alike.learned)
	}
}

func TestAPieceThatIsRefusedIsTheLast(t *testing.T) {
	for refused := range 40 {
		var taken []string
		full := errors.New("no more room")
		client, err := New(Config{BaseURL: "http://model.test", Transport: canned{"text/event-stream", usualAnswer(), 1 << 16}})
		if err != nil {
			t.Fatal(err)
		}
		result, err := client.Stream(t.Context(), Request{}, func(piece string) error {
			if len(taken) == refused {
				return full
			}
			taken = append(taken, piece)
			return nil
		})
		if !errors.Is(err, full) || len(taken) != refused || result.Text != strings.Join(taken, "") {
			t.Errorf("piece %d refused: %v, %d were taken, the text is %q", refused, err, len(taken), result.Text)
		}
	}
}

func TestAnEventOfSeveralLinesIsNotWhatTheStreamHas(t *testing.T) {
	const first, other = "data: {\"model\":\"m\",\ndata: \"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "data: {\"model\":\"m\",\n\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"
	for _, most := range []int{1, 1 << 16} { // the second line of other has no field
		result, _, err := outcome(t, canned{"text/event-stream", first + other, most})
		wantError(t, err, CodeBadResponse)
		if result.Text != "a" {
			t.Errorf("in reads of %d bytes: %q", most, result.Text)
		}
	}
}
