package core

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/bytecache"
	"parley/platform/kernel/work"
)

const (
	embedAtOnce  = 64               // passages of one call
	embedText    = 4_000            // bytes of a passage or question that a model reads
	embedLess    = 1_000            // bytes of a passage that the model refuses, as one of few tokens may
	questionWait = 3 * time.Second  // for the vector of a question
	embedWait    = 2 * time.Minute  // for those of passages
	awayFor      = 15 * time.Second // a model that failed is not asked for the next questions
	meaningBytes = 4 << 20          // of questions whose vectors are kept
)

// steadyEmbedder is an embedding model that questions do not depend on: one
// that fails or is slow is left alone for a while.
type steadyEmbedder struct {
	Deps
	mu    sync.Mutex
	away  time.Time // until then
	known *bytecache.Cache[string, []int8]
}

func newSteadyEmbedder(d Deps) *steadyEmbedder {
	return &steadyEmbedder{Deps: d, known: bytecache.New(meaningBytes, func(text string, v []int8) int { return 64 + len(text) + len(v) })}
}

// isAway reports whether the model is left alone now.
func (e *steadyEmbedder) isAway() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Clock.Now().Before(e.away)
}

// embed asks the model, and notes whether it answers.
func (e *steadyEmbedder) embed(ctx context.Context, texts []string, wait time.Duration) ([][]int8, error) {
	asked, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	found, err := e.Embedder.Embed(asked, texts)
	if err == nil && len(found) != len(texts) {
		err = fmt.Errorf("the embedding model answered %d vectors for %d texts", len(found), len(texts))
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // the caller went away, and not the model
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if work.IsPermanent(err) {
		return nil, err
	}
	if err != nil {
		e.away = e.Clock.Now().Add(awayFor)
		return nil, err
	}
	e.away = time.Time{}
	out := make([][]int8, len(found))
	for i, v := range found {
		out[i], _ = ranking.Quantize(v)
	}
	return out, nil
}

// meaning answers what the model makes of a question, and nil without a model
// or while it is away: the question is then answered by its words alone.
func (e *steadyEmbedder) meaning(ctx context.Context, question string, outside func() func()) *ranking.Meaning {
	if e == nil {
		return nil
	}
	text := cut(question, embedText)
	if text == "" {
		return nil
	}
	v, known := e.known.Get(text)
	if !known {
		if e.isAway() {
			return nil
		}
		if outside != nil {
			defer outside()()
		}
		found, err := e.embed(ctx, []string{text}, questionWait)
		if err != nil {
			if ctx.Err() == nil {
				e.Log.WarnContext(ctx, "a question is answered by its words alone, because the embedding model did not answer", "error", err)
			}
			return nil
		}
		v = found[0]
		e.known.Set(text, v)
	}
	if len(v) == 0 {
		return nil
	}
	return &ranking.Meaning{Model: e.Embedder.Model(), Values: v}
}

// cut bounds a text to n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
