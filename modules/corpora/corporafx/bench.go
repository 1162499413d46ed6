package corporafx

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"text/tabwriter"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/judged"
	"parley/platform/kernel/actor"
)

// Bench measures this module on a database that is thrown away afterwards.
type Bench struct {
	service *core.Service
}

// Retrieval measures how well and how fast questions are answered over a
// judged collection: docs.jsonl, queries.jsonl and qrels*.tsv. It writes a
// report to out, and the ranking in TREC's form to run unless that is nil. The
// workers of the process must be running.
func (b Bench) Retrieval(ctx context.Context, files fs.FS, out, run io.Writer) error {
	collection := judged.Open(files)
	judgments, err := collection.Judgments()
	if err != nil {
		return err
	}
	m, err := b.service.Measure(ctx, actor.Actor{UserID: 1, OrganizationID: 1}, collection)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(m.Each) > 0 {
		const mega = 1e6
		size := float64(m.Bytes) / mega
		fmt.Fprintf(w, "%d documents, %.2f MB, indexed in %.1f s: %.2f MB/s\n", m.Documents, size, m.Indexed.Seconds(), size/m.Indexed.Seconds())
		fmt.Fprintf(w, "%d questions in %.2f s: %.0f a second, median %.2f ms, 99th percentile %.2f ms\n", m.Questions, m.Asked.Seconds(),
			float64(m.Questions)/m.Asked.Seconds(), m.Each[len(m.Each)/2].Seconds()*1000, m.Each[len(m.Each)*99/100].Seconds()*1000)
	}
	fmt.Fprintln(w, "judgments\tquestions\tnDCG@10\trecall@10\trecall@100\tMRR\tfirst\t")
	for _, j := range judgments {
		q := judged.Measure(j.Judgments, m.Run)
		fmt.Fprintf(w, "%s\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t\n", j.Name, q.Questions, q.NDCG10, q.Recall10, q.Recall100, q.MRR, q.First)
	}
	if err := w.Flush(); err != nil || run == nil {
		return err
	}
	for _, question := range slices.Sorted(maps.Keys(m.Run)) {
		documents := m.Run[question]
		for i, document := range documents {
			if _, err := fmt.Fprintf(run, "%s Q0 %s %d %d parley\n", question, document, i+1, len(documents)-i); err != nil {
				return fmt.Errorf("writing the ranking: %w", err)
			}
		}
	}
	return nil
}
