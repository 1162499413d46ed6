package coretest

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"strings"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
)

// golden has what the questions of library found when it was written down: for
// each question the hits, the best score, and a hash of all of them.
//
//go:embed golden.txt
var golden string

// unchanged compares what questions find, to the last digit of every score,
// with what they found when golden was written.
func unchanged(f fixture) {
	corpora := library(f, nil)
	var got strings.Builder
	for _, in := range [][]core.Corpus{corpora, corpora[:1], corpora[1:]} {
		for i, question := range questions {
			found := f.search(question, in...)
			fmt.Fprintf(&got, "%d corpora, question %d: %s\n", len(in), i+1, fingerprint(found))
		}
	}
	f.Equal(golden, got.String())
}

func fingerprint(found ranking.Result) string {
	var all strings.Builder
	best := 0.0
	for i, h := range found.Hits {
		if i == 0 {
			best = h.Score.Total
		}
		s := h.Score
		fmt.Fprintf(&all, "{ID:%d Corpus:%d Document:%d Number:%d Page:%d Title:%s Text:%s} ", h.ID, h.Corpus, h.Document, h.Number, h.Page, h.Title, h.Text)
		fmt.Fprintf(&all, "%v %v\n", [...]float64{s.Words, s.Pairs, s.Exact, s.Grams, s.Document, s.Total}, h.Matched)
	}
	for _, t := range found.Terms {
		fmt.Fprintf(&all, "%s %s %d %v %s %v %v; ", t.Form, t.Stem, t.DF, t.IDF, t.Match, t.Forms, t.Unused)
	}
	fmt.Fprintf(&all, "%d %v %d\n", found.Passages, found.AverageLength, found.Kept)
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(all.String())) // a hash never fails
	return fmt.Sprintf("%d hits, best %v, all %x", len(found.Hits), best, sum.Sum64())
}
