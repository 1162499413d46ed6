package metrics

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Asker asks a language model. The caller of an evaluation gives one that
// meters what it asks, as every model call of the house is.
type Asker interface {
	// Ask answers what the model says to a system and a user message at
	// temperature 0. Its error is a sentence that may be shown, or the context's.
	Ask(ctx context.Context, system, user string) (string, error)
}

// Judge lists the metrics that ask a model.
func Judge(asker Asker) []Metric {
	j := judge{asker: asker, secret: rand.Text}
	return []Metric{{Name: JudgeName, Version: 1, Threshold: 0.75, Score: j.score}}
}

// judge lets a model compare an answer with what is expected, or with the
// passages.
type judge struct {
	asker  Asker
	secret func() string // a word that nobody can guess
}

//go:embed judge.txt
var judgePrompt string

// grades are the values of the verdicts.
var grades = map[string]float64{"correct": 1, "partly": 0.5, "incorrect": 0}

const (
	judgeTries = 2
	// What a model is shown of each text, in bytes; of all passages together.
	judgedText     = 40_000
	judgedPassages = 200_000
	keptReply      = 4_000 // bytes of each reply that are kept
	keptReason     = 1_000
)

const again = "\n\nYour last reply could not be read: %s. Reply with the one JSON object that the system message asks for, and nothing else."

// judgeDetail keeps what the model said.
type judgeDetail struct {
	Verdict string   `json:"verdict,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Replies []string `json:"replies"` // as they came, the last one is the verdict
}

func (j judge) score(ctx context.Context, s Sample) (Score, error) {
	if len(Alternatives(s.Expected)) == 0 && blank(s.Contexts) {
		return none("there is neither an expected answer nor a passage to judge by"), nil
	}
	boundary, check := j.secret(), j.secret()
	system := strings.NewReplacer("{{boundary}}", boundary, "{{check}}", check).Replace(judgePrompt)
	user := sections(boundary, s)
	var d judgeDetail
	var problem string
	for try := range judgeTries {
		prompt := user
		if try > 0 {
			prompt += fmt.Sprintf(again, problem)
		}
		reply, err := j.asker.Ask(ctx, system, prompt)
		if ctx.Err() != nil {
			return Score{}, context.Cause(ctx)
		}
		if err != nil {
			return d.without("the model did not judge: " + err.Error()), nil //nolint:nilerr // it is the reason
		}
		d.Replies = append(d.Replies, cut(reply, keptReply))
		v, wrong := parseVerdictOf(reply, check)
		if wrong == "" {
			d.Verdict, d.Reason = v.Verdict, cut(v.Reason, keptReason)
			out := value(grades[v.Verdict])
			out.Detail = detail(d)
			return out, nil
		}
		problem = wrong
	}
	return d.without(fmt.Sprintf("the model gave no verdict in %d replies: %s", judgeTries, problem)), nil
}

// without is a score without a value, with what the model said until then.
func (d judgeDetail) without(reason string) Score {
	out := none(reason)
	if len(d.Replies) > 0 {
		out.Detail = detail(d)
	}
	return out
}

// sections puts each text of a sample between lines that it cannot have.
func sections(boundary string, s Sample) string {
	var out strings.Builder
	add := func(name, content string) {
		// A text that has the boundary all the same has seen it; it loses it.
		content = strings.ReplaceAll(content, boundary, "")
		fmt.Fprintf(&out, "[%s begin %s]\n%s\n[%s end %s]\n", boundary, name, content, boundary, name)
	}
	add("question", cut(s.Query, judgedText))
	if len(Alternatives(s.Expected)) > 0 {
		add("expected", cut(s.Expected, judgedText))
	}
	left := judgedPassages
	for _, c := range s.Contexts {
		c = cut(c, min(left, judgedText))
		if left -= len(c); c == "" {
			break
		}
		add("passage", c)
	}
	add("answer", cut(s.Answer, judgedText))
	return out.String()
}

// verdict is what a model replies.
type verdict struct {
	Check   string `json:"check"`
	Reason  string `json:"reason"`
	Verdict string `json:"verdict"`
}

// parseVerdictOf reads a reply, which may stand in a code fence; wrong says why
// it is no verdict. A verdict that was copied from the data has another check.
func parseVerdictOf(reply, check string) (v verdict, wrong string) {
	reply = strings.TrimSpace(reply)
	if fenced, ok := strings.CutPrefix(reply, "```"); ok {
		reply = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(fenced, "json"), "```"))
	}
	in := json.NewDecoder(bytes.NewReader([]byte(reply)))
	in.DisallowUnknownFields()
	if err := in.Decode(&v); err != nil {
		return verdict{}, "it is not the JSON object that was asked for"
	}
	if _, err := in.Token(); err != io.EOF {
		return verdict{}, "there is something beside the JSON object"
	}
	if _, known := grades[v.Verdict]; !known {
		return verdict{}, `its "verdict" is none of correct, partly and incorrect`
	}
	if v.Check != check {
		return verdict{}, `its "check" is not the one that was asked for`
	}
	return v, ""
}

// cut shortens a text to so many bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:max(limit, 0)], "")
}
