package core

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/text"
)

// maxCacheAge is the age up to which an answer is used again.
const maxCacheAge = 24 * time.Hour

// CachedAnswer is an answer that may be used again.
type CachedAnswer struct {
	AskedOn    time.Time
	Model      string
	Answer     string
	Sources    string
	References []Reference
	FollowUps  []string
}

// cacheLookup is how a run takes part in the answer cache; nil for one that doesn't.
type cacheLookup struct {
	key   string
	model string        // that was to be asked when the key was made
	hit   *CachedAnswer // the answer that is used again; nil when there is none
}

// cacheable reports whether the run may use an earlier answer and leave its own to
// later ones: the question says so, or else the agent. What was said before and
// what is attached make a question another one.
func (x *execution) cacheable() bool {
	on := x.agent.CachingEnabled
	if o := x.content.Options.Caching; o != nil {
		on = *o
	}
	return on && len(x.content.History) == 0 && len(x.thread.attached()) == 0
}

// cacheKey is all that an answer depends on. Two questions with one key have the
// same prompt, from the same corpora in the same versions, as the rights of each
// asker made them at that moment. So an answer that is used again says nothing
// that the asker's own passages don't have.
type cacheKey struct {
	Organization, Agent, Version int64
	Prefix                       string
	Instructions                 []string
	Question                     string // composed, as NFC; nothing else is made equal
	Model                        string
	Options                      Options
	Corpora                      [][2]int64 // each with its version, by id
	Passages                     []corpora.Passage
	Hosts                        []string // that answers may link
}

func (x *execution) cacheKey(found corpora.Retrieval) string {
	k := cacheKey{
		Organization: x.who.OrganizationID,
		Agent:        x.agent.ID,
		Version:      x.agent.Version,
		Prefix:       x.agent.PrefixPrompt,
		Instructions: x.agent.Instructions,
		Question:     text.NFC(x.content.Question),
		Model:        x.offer.Model.Name(),
		Options:      x.content.Options,
		Hosts:        x.AnswerLinkHosts,
	}
	// The corpora stand for those that were asked for, and the others change
	// nothing of the answer.
	k.Options.CorpusIDs, k.Options.HideSources, k.Options.Caching, k.Options.CacheSkip = nil, false, nil, false
	for _, id := range slices.Sorted(maps.Keys(found.Versions)) {
		k.Corpora = append(k.Corpora, [2]int64{id, found.Versions[id]})
	}
	for _, p := range x.prompt.Passages {
		p.Score = 0
		k.Passages = append(k.Passages, p)
	}
	sum := sha256.Sum256(plainJSON(k))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// lookUpAnswer looks for an earlier answer to the prompt, and reports whether there is
// one. Trouble with the cache costs no run anything.
func (x *execution) lookUpAnswer(found corpora.Retrieval) bool {
	if !x.cacheable() {
		return false
	}
	x.cache = &cacheLookup{key: x.cacheKey(found), model: x.offer.Model.Name()}
	done := x.think("answer_cache", "Looked for an earlier answer")
	if x.content.Options.CacheSkip {
		done("A new answer is wanted.", map[string]any{"cache_hit": false, "skipped": true})
		return false
	}
	kept, err := x.Store.CachedAnswer(x.ctx, x.who.OrganizationID, x.cache.key, x.Clock.Now().Add(-maxCacheAge))
	switch {
	case err == nil && x.supports(kept):
		x.cache.hit = &kept
		x.promptTokens = 0 // nothing is sent
		done(fmt.Sprintf("The answer to the same question of %s is used again; no model is asked.", kept.AskedOn.UTC().Format(time.RFC3339)),
			map[string]any{"cache_hit": true, "asked_on": kept.AskedOn})
		return true
	case err != nil && !errors.Is(err, ErrNotFound):
		x.Log.WarnContext(x.ctx, "looking for an earlier answer", slog.String("run", x.run.RunID), slog.Any("error", err))
	}
	done("There is no earlier answer from the same documents and settings.", map[string]any{"cache_hit": false})
	return false
}

// supports reports whether the passages that were found for this asker are those
// that an answer cites.
func (x *execution) supports(k CachedAnswer) bool {
	for _, r := range k.References {
		if r.Number < 1 || r.Number > len(x.out.Support) || x.out.Support[r.Number-1].DocumentID != r.DocumentID {
			return false
		}
	}
	return true
}

// isHit reports whether the run uses an earlier answer.
func (x *execution) isHit() bool { return x.cache != nil && x.cache.hit != nil }

// replay answers with the earlier answer.
func (x *execution) replay() error {
	k := x.cache.hit
	if err := x.stream.delta(k.Answer); err != nil {
		return err
	}
	x.reply = Completion{Text: k.Answer, Model: k.Model, FollowUps: k.FollowUps, FinishReason: FinishStop}
	x.out.Sources, x.out.References, x.out.FollowUps, x.out.CacheHit = k.Sources, k.References, k.FollowUps, true
	for _, r := range k.References {
		x.out.Support[r.Number-1].Title = r.Title // the section that is cited
	}
	x.think("citations", "Checked the citations")(fmt.Sprintf("The %d sources that the earlier answer cites were found again.", len(k.References)),
		map[string]any{"cited": len(k.References)})
	return nil
}

// storedKey is the key under which the answer of a run that has ended is kept; ""
// for one that is not used again: it is not whole, or another model than the one
// that was asked for gave it, or it is an earlier answer itself.
func (x *execution) storedKey(o Outcome) string {
	if x.cache == nil || x.isHit() || o.State != Completed || o.FinishReason != FinishStop || x.offer.Model.Name() != x.cache.model {
		return ""
	}
	return x.cache.key
}
