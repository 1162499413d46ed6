package httpv1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/evaluations"
	"parley/platform/kernel/actor"
)

func TestTheStreamTellsOfEachStepOnceAndEndsWithTheTest(t *testing.T) {
	s := newScene(t)
	s.dataset()
	s.test(1, 1, object("name", "Nightly", "dataset_id", 1))
	s.work()
	all := s.events("")
	steps := []string{}
	for i, e := range all {
		steps = append(steps, e.Step)
		if e.SequenceNumber != int64(i+1) || (e.Output != nil) != (i == len(all)-1) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	// Results that are there at the same moment share an event.
	if diff := cmp.Diff([]string{"start", "progress", "end"}, slices.Compact(steps)); diff != "" {
		t.Error(diff)
	}
	if rest := s.events(fmt.Sprintf("?starting_after=%d", len(all)-1)); len(rest) != 1 || rest[0].SequenceNumber != int64(len(all)) {
		t.Errorf("the rest is %+v", rest)
	}
	if none := s.events(fmt.Sprintf("?starting_after=%d", len(all))); len(none) != 0 {
		t.Errorf("behind the end is %+v", none)
	}
	s.test(2, 1, object("name", "Nightly", "dataset_id", 1))
	ended := evaluations.EvaluationEnded{Evaluation: evaluations.Evaluation{EvaluationID: 2, OrganizationID: 1, AgentID: 3, UserID: 5}, Status: "cancelled"}
	s.As("jo").Expecting(ended).Do("PUT", "/api/evaluation/2/status", object("status", "cancelled")).Want(200)
	if body := string(s.As("jo").Do("GET", "/api/evaluation/2/events", nil).Body); !strings.Contains(body, `"step":"error"`) || !strings.Contains(body, `"code":"evaluations.cancelled"`) {
		t.Errorf("the stream of a cancelled test: %s", body)
	}
}

type streamed struct {
	SequenceNumber int64 `json:"sequence_number"`
	Step           string
	Output         any
}

func (s *scene) events(query string) (all []streamed) {
	s.t.Helper()
	for line := range strings.SplitSeq(string(s.As("jo").Do("GET", "/api/evaluation/1/events"+query, nil).Body), "\n\n") {
		if line == "" {
			continue
		}
		var e streamed
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &e); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// A wait may end at any moment, as when the follower's rights change, also between
// the end of a test and the reading of its outcome.
func TestTheEndOfAStreamIsNotLostToAWaitThatEnds(t *testing.T) {
	s := newScene(t)
	s.dataset()
	s.test(1, 1, object("name", "Nightly", "dataset_id", 1))
	s.work()
	stream, err := s.api.events(actor.In(t.Context(), actor.Actor{UserID: 5, OrganizationID: 1}), eventsRequest{EvaluationID: 1})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	last := ""
	for {
		line, err := stream.Next(ended)
		if errors.Is(err, context.Canceled) {
			line, err = stream.Next(t.Context())
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = string(line)
	}
	if !strings.Contains(last, `"step":"end"`) {
		t.Errorf("the last event is %s", last)
	}
}
