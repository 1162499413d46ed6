package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/jsonout"
)

// streamRow is the events of a stream that one commit has stored: the last of
// them, with those before it as JSON.
type streamRow struct {
	bun.BaseModel `bun:"table:chat_streams,alias:e"`
	RunID         int64
	core.StreamEvent
	Earlier *string // nil for none
}

// earlierEvent is an event before the last of a commit. The version before reads
// it through a view, by these names.
type earlierEvent struct {
	Step    string `json:"step"`
	Message string `json:"message,omitempty"`
	Delta   string `json:"delta,omitempty"`
	Code    string `json:"code,omitempty"`
	Details string `json:"details,omitempty"`
}

// newStreamRow packs events, whose numbers follow one another.
func newStreamRow(run int64, events []core.StreamEvent) (streamRow, error) {
	last := len(events) - 1
	row := streamRow{RunID: run, StreamEvent: events[last]}
	if last == 0 {
		return row, nil
	}
	var text string
	err := encodeTogether(encoding{&text, func(t *jsonout.Text) { jsonout.List(t, events[:last], appendEarlier) }})
	if err != nil {
		return row, fmt.Errorf("encoding a stream: %w", err)
	}
	row.Earlier = &text
	return row, nil
}

// events are those of the row behind a sequence number, in order.
func (r streamRow) events(after int64) ([]core.StreamEvent, error) {
	if r.Earlier == nil {
		return []core.StreamEvent{r.StreamEvent}, nil
	}
	var earlier []earlierEvent
	if err := json.Unmarshal([]byte(*r.Earlier), &earlier); err != nil {
		return nil, fmt.Errorf("the events before %d of run %d: %w", r.Sequence, r.RunID, err)
	}
	var out []core.StreamEvent
	for i, e := range earlier {
		if n := r.Sequence - int64(len(earlier)-i); n > after {
			out = append(out, core.StreamEvent{Sequence: n, Step: e.Step, Message: e.Message, Delta: e.Delta, Code: e.Code, Details: e.Details})
		}
	}
	return append(out, r.StreamEvent), nil
}

// Events implements core.Runs.
func (s *Store) Events(ctx context.Context, run, after int64, limit int) ([]core.StreamEvent, error) {
	rows := []streamRow{}
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ? AND sequence > ?", run, after).OrderExpr("sequence").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading a stream: %w", err)
	}
	out := []core.StreamEvent{}
	for _, r := range rows {
		events, err := r.events(after)
		if err != nil {
			return nil, fmt.Errorf("reading a stream: %w", err)
		}
		if out = append(out, events...); len(out) >= limit {
			return out[:limit], nil
		}
	}
	return out, nil
}

// prune removes the stored events of runs but for the last of each.
func (s *Store) prune(ctx context.Context, runs []int64) error {
	_, err := s.db.On(ctx).NewDelete().TableExpr("chat_streams").
		Where("run_id IN (?) AND sequence < (SELECT last_sequence FROM chat_runs WHERE id = chat_streams.run_id)", bun.List(runs)).Exec(ctx)
	if err == nil {
		_, err = s.db.On(ctx).NewUpdate().TableExpr("chat_streams").Set("earlier = NULL").Where("run_id IN (?) AND earlier IS NOT NULL", bun.List(runs)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("pruning streams: %w", err)
	}
	return nil
}
