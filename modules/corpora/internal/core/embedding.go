package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/bytecache"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

const (
	embedAtOnce  = 64               // passages of one call
	embedJobSize = 16               // calls of one turn of a job
	embedText    = 4_000            // bytes of a passage or question that a model reads
	embedLess    = 1_000            // bytes of a passage that the model refuses, as one of few tokens may
	questionWait = 3 * time.Second  // for the vector of a question
	embedWait    = 2 * time.Minute  // for those of passages
	awayFor      = 15 * time.Second // a model that failed is not asked for the next questions
	retryAfter   = time.Minute      // before it is asked for passages again
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

// embedKind is the kind of the jobs that make vectors.
const embedKind = "corpora.embed"

// embedPayload says which passages a job is about and how far it is.
type embedPayload struct {
	Corpus   int64 `json:"corpus"`
	Document int64 `json:"document"` // 0 for all of the corpus
	After    int64 `json:"after"`    // the last passage that was looked at
	Done     int   `json:"done"`     // passages that got vectors
	Indexed  int   `json:"indexed"`  // older vectors that were put into the index
}

func embedJob(organizationID int64, p embedPayload) work.Job {
	key := "corpus " + strconv.FormatInt(p.Corpus, 10)
	if p.Document != 0 {
		key = "document " + strconv.FormatInt(p.Document, 10)
	}
	payload := fmt.Sprintf(`{"corpus":%d,"document":%d,"after":%d,"done":%d,"indexed":%d}`, p.Corpus, p.Document, p.After, p.Done, p.Indexed)
	return work.Job{Kind: embedKind, Tenant: organizationID, Key: key, Payload: payload}
}

// adoptVectors looks all corpora through for passages without vectors: the
// model may be new, or may have been away for long.
func (s *Service) adoptVectors(ctx context.Context) error {
	for after := int64(0); s.embedder != nil; {
		all, err := s.Store.CorporaAfter(ctx, after, adoptSize)
		if err != nil || len(all) == 0 {
			return err
		}
		jobs := make([]work.Job, len(all))
		for i, c := range all {
			jobs[i] = embedJob(c.OrganizationID, embedPayload{Corpus: c.ID})
			after = c.ID
		}
		if err := s.Queue.Put(ctx, jobs...); err != nil {
			return err
		}
	}
	return nil
}

// embed makes vectors of passages that have none. After some of them, or while
// the model is away, the rest goes back into the queue.
func (s *Service) embed(ctx context.Context, c work.Claim) error {
	var at embedPayload
	if err := json.Unmarshal([]byte(c.Job().Payload), &at); err != nil {
		return work.Permanent(fmt.Errorf("reading which passages a job is about: %w", err))
	}
	var began Document // as it is now; nothing of a whole corpus
	switch found, err := s.Store.DocumentsByID(ctx, []int64{at.Document}); {
	case err != nil:
		return err
	case len(found) > 0:
		began = found[0]
	}
	before := at.Done
	for range embedJobSize {
		if s.embedder.isAway() {
			return s.embedLater(ctx, c, at, at.Done > before, retryAfter)
		}
		passages, err := s.Store.Unembedded(ctx, at.Corpus, at.Document, s.Embedder.Model(), at.After, embedAtOnce)
		if err != nil {
			return err
		}
		if len(passages) == 0 {
			n, err := s.indexVectors(ctx, c, &at)
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			return s.embedded(ctx, c, at, began, at.Done > before)
		}
		if err := s.embedPassages(ctx, c, passages, &at); err != nil {
			if ctx.Err() != nil || !s.embedder.isAway() {
				return err
			}
			s.Log.WarnContext(ctx, "the embedding model did not answer; vectors are made later", "corpus", at.Corpus, "error", err)
		}
	}
	return s.embedLater(ctx, c, at, at.Done > before, 0)
}

// embedPassages makes and stores the vectors of some passages. Those that the
// model refuses get none.
func (s *Service) embedPassages(ctx context.Context, c work.Claim, passages []ranking.Passage, at *embedPayload) error {
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = cut(p.Title+"\n"+p.Text, embedText)
	}
	found, err := s.embedder.embed(ctx, texts, embedWait)
	if work.IsPermanent(err) {
		if found, err = s.embedOneByOne(ctx, passages, texts); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	var vectors []ranking.Vector
	for i, v := range found {
		if len(v) > 0 {
			vectors = append(vectors, ranking.Vector{Passage: passages[i].ID, Values: v})
		}
	}
	next := *at
	next.After, next.Done = passages[len(passages)-1].ID, at.Done+len(vectors)
	save := func(ctx context.Context) error {
		return c.Save(ctx, fmt.Sprintf("%d passages have vectors", next.Done))
	}
	if err := s.Store.AddVectors(ctx, at.Corpus, s.Embedder.Model(), vectors, save); err != nil {
		return err
	}
	*at = next
	return nil
}

// indexVectors puts vectors from before there was an index into it. Until all
// of a corpus are there, its questions compare them exactly.
func (s *Service) indexVectors(ctx context.Context, c work.Claim, at *embedPayload) (int, error) {
	save := func(ctx context.Context) error {
		return c.Save(ctx, fmt.Sprintf("%d passages have vectors, %d older ones are in the index", at.Done, at.Indexed))
	}
	n, err := s.Store.IndexVectors(ctx, at.Corpus, s.Embedder.Model(), save)
	at.Indexed += n
	return n, err
}

func (s *Service) embedOneByOne(ctx context.Context, passages []ranking.Passage, texts []string) ([][]int8, error) {
	out := make([][]int8, len(texts))
	for i, text := range texts {
		found, err := s.embedder.embed(ctx, []string{text}, embedWait)
		if work.IsPermanent(err) && len(text) > embedLess {
			found, err = s.embedder.embed(ctx, []string{cut(text, embedLess)}, embedWait)
		}
		switch {
		case work.IsPermanent(err):
			s.Log.WarnContext(ctx, "the embedding model refuses a passage, which is found by its words alone", "passage", passages[i].ID, "error", err)
		case err != nil:
			return nil, err
		default:
			out[i] = found[0]
		}
	}
	return out, nil
}

// embedded ends a job that found no more passages. When its document has another
// text than it had at the beginning, the job that was put for that one may have
// been left out, because this one was there.
func (s *Service) embedded(ctx context.Context, c work.Claim, at embedPayload, began Document, added bool) error {
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		now, err := s.endEmbedding(ctx, c, at, added)
		if err != nil || now.Revision == began.Revision && now.Step == began.Step && now.IndexVersion == began.IndexVersion {
			return err
		}
		return s.Queue.Put(ctx, embedJob(c.Job().Tenant, at))
	})
}

// embedLater puts the rest of a job into the queue again.
func (s *Service) embedLater(ctx context.Context, c work.Claim, at embedPayload, added bool, pause time.Duration) error {
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := s.endEmbedding(ctx, c, at, added); err != nil {
			return err
		}
		job := embedJob(c.Job().Tenant, at)
		if pause > 0 {
			job.DueAt = s.Clock.Now().Add(pause)
		}
		return s.Queue.Put(ctx, job)
	})
}

// endEmbedding finishes a job and shows what it added, in the unit of ctx. It
// answers the document as it is then, and nothing for a whole corpus. What shows
// a new text and puts this job has the document locked before, and waits for a
// job that ends: so the document comes first here, and the job last.
func (s *Service) endEmbedding(ctx context.Context, c work.Claim, at embedPayload, added bool) (d Document, err error) {
	if at.Document != 0 {
		d, err = s.Store.UpdateDocument(ctx, at.Document, func(*Document) error { return nil })
		if err != nil && !errors.Is(err, ErrDocumentNotFound) {
			return d, err
		}
	}
	if err := s.showVectors(ctx, at.Corpus, added); err != nil {
		return d, err
	}
	return d, c.Finish(ctx)
}

func (s *Service) showVectors(ctx context.Context, corpusID int64, added bool) error {
	if !added {
		return nil
	}
	return s.Store.ShowVectors(ctx, corpusID)
}
