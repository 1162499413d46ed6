package openai

import "strings"

// thinking are the tags that models write their reasoning between, at the
// start of an answer.
var thinking = [][2]string{{"<think>", "</think>"}, {"<thinking>", "</thinking>"}}

// splitter takes the reasoning off the start of an answer that comes in
// pieces. It holds back only what may become a tag.
type splitter struct {
	held   string
	closes string // the tag that ends the reasoning under way
	mused  bool   // there was reasoning
	said   bool   // the answer has begun
}

// add answers what is reasoning and what is the answer.
func (s *splitter) add(piece string) (thought, said string) {
	var musing strings.Builder
	for text := s.held + piece; ; {
		s.held = ""
		switch {
		case s.said:
			return musing.String(), text
		case s.closes != "":
			inside, after, closed := strings.Cut(text, s.closes)
			if !closed {
				s.held = text[len(text)-overlap(text, s.closes):]
				musing.WriteString(text[:len(text)-len(s.held)])
				return musing.String(), ""
			}
			musing.WriteString(inside)
			s.closes, s.mused, text = "", true, after
			continue
		}
		start := strings.TrimLeft(text, " \t\r\n")
		opened := false
		for _, tag := range thinking {
			if after, ok := strings.CutPrefix(start, tag[0]); ok {
				s.closes, text, opened = tag[1], after, true
				break
			}
			if strings.HasPrefix(tag[0], start) {
				s.held = text
			}
		}
		switch {
		case opened:
		case s.held != "" || text == "":
			return musing.String(), ""
		default:
			if s.said = true; s.mused {
				text = start
			}
		}
	}
}

// flush answers what is held, for nothing more comes. Reasoning that was never
// closed is no answer.
func (s *splitter) flush() string {
	held := s.held
	s.held = ""
	if s.closes != "" {
		return ""
	}
	if s.mused {
		return strings.TrimLeft(held, " \t\r\n")
	}
	return held
}

// overlap is how many bytes at the end of text may begin tag.
func overlap(text, tag string) int {
	for n := min(len(text), len(tag)-1); n > 0; n-- {
		if strings.HasSuffix(text, tag[:n]) {
			return n
		}
	}
	return 0
}
