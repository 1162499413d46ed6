package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/modules/corpora/internal/core/judged"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// measured is how many passages a question is measured by.
const measured = 100

// Measurement is how well and how fast questions were answered.
type Measurement struct {
	Documents int
	Bytes     int64         // of their titles and texts
	Indexed   time.Duration // from the first upload to the last searchable document
	Questions int
	Asked     time.Duration   // of all questions, one after the other
	Each      []time.Duration // of each question, ascending
	Run       judged.Run
}

// Measure uploads a judged collection into a corpus of its own, waits until
// running workers have indexed it, and asks its questions.
func (s *Service) Measure(ctx context.Context, who actor.Actor, c judged.Collection) (Measurement, error) {
	m := Measurement{Run: judged.Run{}}
	queries, err := c.Queries()
	if err != nil {
		return m, err
	}
	corpus, err := s.CreateCorpus(ctx, who, NewCorpus{Name: "Measured"})
	if err != nil {
		return m, err
	}
	start := s.Clock.Now()
	names := map[int64]string{}
	for d, err := range c.Documents() {
		if err != nil {
			return m, err
		}
		text := d.Text
		if d.Title != "" {
			text = "# " + d.Title + "\n\n" + text
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		m.Documents++
		m.Bytes += int64(len(d.Title) + len(d.Text))
		stored, err := s.Keep(ctx, strings.NewReader(text))
		if err != nil {
			return m, err
		}
		added, err := s.AddDocument(ctx, who, corpus, NewDocument{Stored: stored, Name: d.ID, Kind: textType, AllowDuplicate: true})
		if err != nil {
			return m, fmt.Errorf("adding document %s: %w", d.ID, err)
		}
		names[added.ID] = d.ID
	}
	if err := s.indexed(ctx, corpus.ID); err != nil {
		return m, err
	}
	m.Indexed = s.Clock.Now().Sub(start)
	for _, q := range queries {
		start := s.Clock.Now()
		found, err := s.Search(ctx, who, corpus.ID, q.Text, measured)
		if err != nil {
			return m, fmt.Errorf("asking question %s: %w", q.ID, err)
		}
		took := s.Clock.Now().Sub(start)
		m.Questions++
		m.Asked += took
		m.Each = append(m.Each, took)
		for _, p := range found.Passages {
			if name := names[p.DocumentID]; !slices.Contains(m.Run[q.ID], name) {
				m.Run[q.ID] = append(m.Run[q.ID], name)
			}
		}
	}
	slices.Sort(m.Each)
	return m, nil
}

// indexed waits until no document of a corpus waits, and fails when one has
// failed.
func (s *Service) indexed(ctx context.Context, corpusID int64) error {
	const pause = 50 * time.Millisecond
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		waiting, err := s.Store.Unfinished(ctx, 0, 1)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	failed, err := s.Store.DocumentsPage(ctx, corpusID, DocumentFilter{Step: Failed}, page.Request{Size: 1})
	if err == nil && len(failed.Items) > 0 {
		return fmt.Errorf("document %s could not be indexed: %s", failed.Items[0].Name, *failed.Items[0].FailureReason)
	}
	return err
}
