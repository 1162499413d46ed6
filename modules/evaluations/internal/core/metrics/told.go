package metrics

// toldBefore gives for each statement how much one earlier statement has said of it
// already: 0 up to a fifth of its content words, for in an answer about one
// subject the subject comes back, and 1 from three fifths on.
func toldBefore(claimed []statement) []float64 {
	out := make([]float64, len(claimed))
	said := map[string][]int{} // the statements that have each content word
	shared := make([]int, len(claimed))
	for i, st := range claimed {
		clear(shared)
		all, most := 0, 0
		for _, w := range st.words {
			by := said[w.key]
			if w.stop || len(by) > 0 && by[len(by)-1] == i {
				continue // says nothing, or was counted
			}
			all++
			for _, k := range by {
				shared[k]++
				most = max(most, shared[k])
			}
			said[w.key] = append(by, i)
		}
		if all > 0 {
			out[i] = min(1, max(0, (float64(most)/float64(all)-subject)/(same-subject)))
		}
	}
	return out
}

// Parts of the content words of a statement.
const (
	subject = 0.2
	same    = 0.6
)

// breaksOff reports whether a statement ends in a word after which something
// must come.
func breaksOff(st []word) bool { return goesOn[st[len(st)-1].form] }

var goesOn = set(`a an the my your his her its our their some such every
	of to for from with at as than into onto upon between during until
	and or but nor because if while although though since who whom whose which that
	is are was were be been being am has have had do does did will would can could should may might must`)
