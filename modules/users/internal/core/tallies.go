package core

import "container/list"

// maxTallies bounds each map of the limiter.
const maxTallies = 50_000

// tallies is a map of at most maxTallies entries. Room for another one takes
// the same short time however many there are: what was not used for longest
// goes, and with each new entry two old ones that are over.
type tallies[K comparable, V any] struct {
	entries map[K]*list.Element
	used    *list.List // the most recent one in front
}

type tally[K comparable, V any] struct {
	key   K
	value V
}

func newTallies[K comparable, V any]() *tallies[K, V] {
	return &tallies[K, V]{entries: map[K]*list.Element{}, used: list.New()}
}

// find answers the entry, or nil.
func (t *tallies[K, V]) find(k K) *V {
	e, there := t.entries[k]
	if !there {
		return nil
	}
	t.used.MoveToFront(e)
	return &e.Value.(*tally[K, V]).value
}

// at finds or makes the entry.
func (t *tallies[K, V]) at(k K, over func(*V) bool) *V {
	if v := t.find(k); v != nil {
		return v
	}
	for range 2 {
		last := t.used.Back()
		if last == nil || !over(&last.Value.(*tally[K, V]).value) {
			break
		}
		t.remove(last)
	}
	if t.used.Len() >= maxTallies {
		t.remove(t.used.Back())
	}
	e := &tally[K, V]{key: k}
	t.entries[k] = t.used.PushFront(e)
	return &e.value
}

func (t *tallies[K, V]) drop(k K) {
	if e, there := t.entries[k]; there {
		t.remove(e)
	}
}

func (t *tallies[K, V]) remove(e *list.Element) {
	t.used.Remove(e)
	delete(t.entries, e.Value.(*tally[K, V]).key)
}
