package bus

// position is a place in the outbox. On SQLite XID is 0. The zero position
// is before every event.
type position struct{ XID, Seq int64 }

func (p position) after(o position) bool {
	return p.XID > o.XID || p.XID == o.XID && p.Seq > o.Seq
}

// track follows one consumer through the outbox: events may be finished in
// any order, and acked is the last position with nothing open before it.
type track struct {
	open  []*mark
	acked position
}

type mark struct {
	at   position
	done bool
}

// add opens the next position.
func (t *track) add(at position) *mark {
	m := &mark{at: at}
	t.open = append(t.open, m)
	return m
}

// skip passes a position that needs no work.
func (t *track) skip(at position) {
	if len(t.open) == 0 {
		t.acked = at
		return
	}
	if last := t.open[len(t.open)-1]; last.done {
		last.at = at
		return
	}
	t.open = append(t.open, &mark{at: at, done: true})
}

// finish closes a position and moves acked as far as it may go.
func (t *track) finish(m *mark) {
	m.done = true
	n := 0
	for n < len(t.open) && t.open[n].done {
		t.acked = t.open[n].at
		n++
	}
	t.open = t.open[n:]
}
