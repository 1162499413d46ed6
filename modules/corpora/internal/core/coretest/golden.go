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
	f.same(golden, got.String())
}

func fingerprint(found ranking.Result) string {
	var all strings.Builder
	best := 0.0
	for i, h := range found.Hits {
		if i == 0 {
			best = h.Score.Total
		}
		fmt.Fprintf(&all, "%+v %v %v\n", h.Passage, h.Score, h.Matched)
	}
	terms := make([]string, len(found.Terms))
	for i, t := range found.Terms {
		terms[i] = fmt.Sprintf("{%s %s %d %v %s %v}", t.Form, t.Stem, t.DF, t.IDF, t.Match, t.Unused)
	}
	fmt.Fprintf(&all, "%v %d %v %d\n", terms, found.Passages, found.AverageLength, found.Kept)
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(all.String())) // a hash never fails
	return fmt.Sprintf("%d hits, best %v, all %x", len(found.Hits), best, sum.Sum64())
}
