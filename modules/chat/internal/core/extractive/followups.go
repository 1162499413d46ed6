package extractive

import (
	"strings"

	"parley/platform/kernel/text"
)

const (
	maxFollowUps = 3
	maxTopic     = 80 // bytes
)

// followUps makes questions of the headings that were found and not quoted.
func (r Request) followUps(quoted []sentence) []string {
	if !r.FollowUps {
		return nil
	}
	asked := map[string]bool{}
	for w := range text.Words(r.Question + " " + r.Query) {
		asked[text.Stem(w.Form)] = true
	}
	seen := map[string]bool{}
	for _, s := range quoted {
		seen[topic(s.passage.section(s.start))] = true
	}
	var out []string
	for _, p := range r.Passages {
		t := topic(p.Title)
		if len(out) == maxFollowUps {
			break
		}
		if t == "" || len(t) > maxTopic || seen[t] || !adds(t, asked) {
			continue
		}
		seen[t] = true
		if strings.HasSuffix(t, "?") {
			out = append(out, t)
		} else {
			out = append(out, "What do the documents say about “"+t+"”?")
		}
	}
	return out
}

// topic is the nearest heading of a title.
func topic(title string) string {
	parts := strings.Split(title, " › ")
	return clean(parts[len(parts)-1])
}

// adds reports whether a heading has a word that the question does not have.
func adds(topic string, asked map[string]bool) bool {
	for w := range text.Words(topic) {
		if !text.IsStop(w.Form) && !text.IsAsking(w.Form) && !asked[text.Stem(w.Form)] {
			return true
		}
	}
	return false
}
