package metrics

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"parley/platform/kernel/text"
)

// reader reads texts for the metrics of one list, and remembers what is read
// again and again: words, and the passages of a sample that the
// next metric is asked about. It may be used from several goroutines.
type reader struct {
	seed  maphash.Seed
	forms [rememberedForms]atomic.Pointer[known]

	mu   sync.Mutex
	read [rememberedEvidence]struct {
		sum  uint64
		size int
		of   *evidence
	}
	next int
}

const (
	rememberedForms    = 1 << 13
	rememberedEvidence = 8      // samples
	mostRemembered     = 20_000 // words of one of them
)

// known is what can be said of a word by itself.
type known struct {
	form, key    string
	stop, number bool
}

func newReader() *reader { return &reader{seed: maphash.MakeSeed()} }

func (r *reader) known(form string) *known {
	at := &r.forms[maphash.String(r.seed, form)%rememberedForms]
	if k := at.Load(); k != nil && k.form == form {
		return k
	}
	k := &known{form: form}
	var unit bool
	if k.key, k.number = digits(form); k.number {
		at.Store(k)
		return k
	}
	if k.key, unit = units[form]; !unit {
		k.key, unit = irregular[form]
	}
	if !unit {
		k.key = text.Stem(american(form))
	}
	k.stop = text.IsStop(form) || text.IsAsking(form) || empty[form]
	at.Store(k)
	return k
}

// evidence reads passages, or answers those that were just read.
func (r *reader) evidence(contexts []string) *evidence {
	var h maphash.Hash
	h.SetSeed(r.seed)
	size := 0
	for _, c := range contexts {
		_, _ = h.WriteString(c) // never fails
		_ = h.WriteByte(0xff)   // in no UTF-8
		size += len(c)
	}
	sum := h.Sum64()
	r.mu.Lock()
	for _, x := range r.read {
		if x.of != nil && x.sum == sum && x.size == size {
			r.mu.Unlock()
			return x.of
		}
	}
	r.mu.Unlock()
	e := r.readEvidence(contexts)
	if len(e.words) <= mostRemembered {
		r.mu.Lock()
		defer r.mu.Unlock()
		x := &r.read[r.next]
		x.sum, x.size, x.of = sum, size, e
		r.next = (r.next + 1) % rememberedEvidence
	}
	return e
}
