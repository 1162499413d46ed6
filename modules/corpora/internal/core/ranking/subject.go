package ranking

import "slices"

// Feedback from the best passages, as RM3 and Bo1 do it, but among the
// candidates alone: nothing more is read, and a passage is only moved. The words
// that the best passages have, and the other candidates lack, say what a long
// question is about. A short one rather asks for one passage, and is harmed.
const (
	subjectWeight  = 0.2 // of the question's weight, shared among the words
	subjectFrom    = 8   // terms of a question
	subjectSources = 10  // passages that are looked at
	subjectWords   = 20
)

// subject is what the best candidates are about: stems, and what each weighs.
type subject struct {
	stems   []uint64
	weights []float64
}

// feedback is a word of the best passages.
type feedback struct {
	stem     uint64
	df, last int // passages with it, and the last one that was counted
	tf       float64
	weight   float64
}

// addSubject gives each passage what it has of the subject. It needs the
// passages' scores so far.
func (m *matcher) addSubject(passages []*tokens, own []Score, slope float64) {
	if len(m.terms) < subjectFrom || len(passages) <= subjectSources {
		return
	}
	s := m.subject(passages, own, slope)
	for i, t := range passages {
		for k, stem := range s.stems {
			own[i].Subject += s.weights[k] * saturate(t.count(stem), t.length, slope)
		}
		own[i].Total += own[i].Subject
	}
}

// subject chooses the words: those of high BM25 in the best passages, where the
// candidates are the collection and a passage counts by the square of its score.
func (m *matcher) subject(passages []*tokens, own []Score, slope float64) subject {
	best := m.best(passages, own)[:subjectSources]
	size := 0
	for _, i := range best {
		size += len(passages[i].words)
	}
	m.others.reset(size)
	all, index := m.found[:0], &m.others
	for _, i := range best {
		for _, w := range passages[i].words {
			if index.get(w.stem) < 0 && m.targets.get(w.stem) < 0 {
				index.set(w.stem, len(all))
				all = append(all, feedback{stem: w.stem, last: -1})
			}
		}
	}
	m.found = all
	for i, t := range passages {
		for _, w := range t.words {
			if k := index.get(w.stem); k >= 0 && all[k].last != i {
				all[k].last = i
				all[k].df++
			}
		}
	}
	top := own[best[0]].Total
	for _, i := range best {
		t := passages[i]
		for at, w := range t.words {
			if k := index.get(w.stem); k >= 0 {
				all[k].tf += t.worth(at)
			}
		}
		share := own[i].Total * own[i].Total / (top * top)
		for _, w := range t.words {
			if k := index.get(w.stem); k >= 0 && all[k].tf > 0 {
				f := &all[k]
				f.weight += share * saturate(f.tf, t.length, slope) * idf(len(passages), f.df)
				f.tf = 0
			}
		}
	}
	all = heaviest(all)
	sum, question := 0.0, 0.0
	for _, f := range all {
		sum += f.weight
	}
	for _, t := range m.terms {
		question += t.IDF
	}
	s := subject{make([]uint64, len(all)), make([]float64, len(all))}
	for k, f := range all {
		s.stems[k] = f.stem
		s.weights[k] = subjectWeight * question * f.weight / sum
	}
	return s
}

// heaviest are the words of the highest weight that more than one passage has,
// equal ones in their order.
func heaviest(all []feedback) []feedback {
	out := make([]feedback, 0, subjectWords+1)
	for _, f := range all {
		if f.df < 2 || len(out) == subjectWords && f.weight <= out[subjectWords-1].weight {
			continue
		}
		at := len(out)
		for at > 0 && out[at-1].weight < f.weight {
			at--
		}
		out = slices.Insert(out, at, f)
		out = out[:min(len(out), subjectWords)]
	}
	return out
}

// count is what a passage has of a stem.
func (t *tokens) count(stem uint64) (tf float64) {
	for _, p := range t.places.near(stem) {
		if p.half == half(stem) && t.words[p.at].stem == stem {
			tf += t.worth(int(p.at))
		}
	}
	return tf
}

// worth is what one of the words counts.
func (t *tokens) worth(at int) float64 {
	if at < t.title {
		return titleWeight
	}
	return 1
}
