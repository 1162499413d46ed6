package core

import "sync"

const (
	// mostExchanges bounds the exchanges of a thread that go into a prompt when
	// the size of the model's context is known, and fewExchanges when it is not.
	mostExchanges = 30
	fewExchanges  = maxHistory
	// ofMessage are the tokens that a message takes beside its text.
	ofMessage = 4
)

// exchanges bounds what is read of a thread for the model.
func (o Offer) exchanges() int {
	if o.ContextSize > 0 {
		return mostExchanges
	}
	return fewExchanges
}

// room is how many tokens a prompt may have, so that the answer fits behind
// it; 0 when that is not known. A tenth stays free, for tokens are estimated.
func (o Offer) room() int64 {
	if o.ContextSize == 0 {
		return 0
	}
	const largest, part = 4096, 4
	answer := o.MaxOutput
	if answer == 0 {
		answer = min(o.ContextSize/part, largest)
	}
	return max((o.ContextSize-answer)*9/10, 1)
}

// learned is how large prompts may be by what models took and refused, for those
// whose context is not known or whose tokens are fewer than estimated.
type learned struct {
	mu   sync.Mutex
	room map[string]int64 // by the name of a configured model
}

// within is the room for the prompt of a model; 0 when it is not known.
func (l *learned) within(o Offer) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, found := o.room(), l.room[o.Model.Name()]
	if known == 0 || found == 0 {
		return max(known, found)
	}
	return min(known, found)
}

// took notes that a model took a prompt of so many tokens, after it had refused
// one of refused, if any. The room is halfway between the two; it grows a little
// with each prompt that fills it.
func (l *learned) took(o Offer, tokens, refused int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := o.Model.Name()
	room := l.room[name]
	const growth = 20
	switch {
	case refused > 0:
		room = (tokens + refused) / 2
	case room > 0 && tokens > room-room/growth*2:
		room += room/growth + 1
	default:
		return
	}
	if l.room == nil {
		l.room = map[string]int64{}
	}
	l.room[name] = room
}

// weights are the tokens of the parts of a prompt.
type weights struct {
	fixed    int64   // what is always sent
	turns    []int64 // of the exchanges, oldest first
	passages []int64 // highest rank first
}

// fit answers how many of the newest exchanges and of the highest-ranked
// passages stay within so many tokens. The oldest exchanges go first, then the
// passages of the lowest rank.
func (w weights) fit(room int64) (turns, passages int) {
	turns, passages = len(w.turns), len(w.passages)
	if room == 0 {
		return turns, passages
	}
	total := w.total(turns, passages)
	for ; turns > 0 && total > room; turns-- {
		total -= w.turns[len(w.turns)-turns]
	}
	for ; passages > 0 && total > room; passages-- {
		total -= w.passages[passages-1]
	}
	return turns, passages
}

// total is how many tokens the newest exchanges and the first passages take
// with all that is always sent.
func (w weights) total(turns, passages int) int64 {
	n := w.fixed
	for _, t := range w.turns[len(w.turns)-turns:] {
		n += t
	}
	for _, p := range w.passages[:passages] {
		n += p
	}
	return n
}

// halved answers how much is left when the model did not take a prompt of so
// much: half of what the exchanges take or, without any, half of the passages.
// It is less than before unless both are 0.
func (w weights) halved(turns, passages int) (int, int) {
	if turns == 0 {
		return 0, passages / 2
	}
	exchanges := weights{turns: w.turns[len(w.turns)-turns:]}
	kept, _ := exchanges.fit(max(exchanges.total(turns, 0)/2, 1))
	return min(kept, turns-1), passages
}
