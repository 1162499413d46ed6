package core

import (
	"net/url"
	"strings"

	"parley/modules/chat/internal/core/markdown"
)

// said is the text of an answer on its way from the model to the stream.
type said struct {
	filter *markdown.Filter // nil for a text that nobody is shown
	emit   func(string) error
}

// listen makes the model's text the answer that is shown.
func (x *execution) listen() *said {
	if x.isJudge() {
		return &said{emit: x.stream.delta}
	}
	known := addressesOf(x.prompt, x.AnswerLinkHosts)
	return &said{filter: markdown.New(markdown.Rules{Sources: len(x.out.Support), Known: known}), emit: x.stream.delta}
}

func (s *said) add(piece string) error {
	if s.filter != nil {
		piece = s.filter.Add(piece)
	}
	return s.emit(piece)
}

// close ends the answer; an answer that broke off has what was held back, too.
func (s *said) close() error {
	if s.filter == nil {
		return nil
	}
	return s.emit(s.filter.Close())
}

// addressesOf reports which addresses an answer to a prompt may link: those
// that stand in its passages, and those of the operator's hosts. Of e-mail
// ("mailto:") it is those of the passages and of the asker, and nothing but an
// address.
func addressesOf(p Prompt, hosts []string) func(string) bool {
	return func(address string) bool {
		if mailbox, is := strings.CutPrefix(address, "mailto:"); is {
			return mayMail(p, mailbox)
		}
		u, err := url.Parse(address)
		if err != nil {
			return false
		}
		for _, passage := range p.Passages {
			if address == passage.URL {
				return true
			}
		}
		if u.Scheme == "" && strings.HasPrefix(strings.ToLower(address), "www.") {
			if u, err = url.Parse("http://" + address); err != nil {
				return false
			}
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			return false
		}
		for _, host := range hosts {
			if strings.EqualFold(u.Host, host) {
				return true
			}
		}
		for _, passage := range p.Passages {
			if standsIn(passage.Text, address, "") {
				return true
			}
		}
		return false
	}
}

// ofMailboxes are the letters that an e-mail address may go on with to its left.
const ofMailboxes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"

// mayMail reports whether an answer may link an e-mail address: it stands in a
// passage, the asker has written it, or it is none, such as the version of a
// package (left-pad@1.3.0).
func mayMail(p Prompt, mailbox string) bool {
	_, host, _ := strings.Cut(mailbox, "@")
	if strings.Trim(host, "0123456789.") == "" {
		return host != ""
	}
	if strings.ContainsAny(mailbox, "?#%/,;") {
		return false
	}
	for _, passage := range p.Passages {
		if standsIn(passage.Text, mailbox, ofMailboxes) {
			return true
		}
	}
	for _, turn := range p.History {
		if standsIn(turn.User, mailbox, ofMailboxes) {
			return true
		}
	}
	return standsIn(p.Original, mailbox, ofMailboxes)
}

// standsIn reports whether a text has an address, and not only one that begins
// with it, or ends with it behind one of some letters.
func standsIn(text, address, letters string) bool {
	for {
		before, after, found := strings.Cut(text, address)
		if !found {
			return false
		}
		if before != "" && strings.IndexByte(letters, before[len(before)-1]) >= 0 {
			text = after
			continue
		}
		rest := strings.TrimLeft(after, ".,;:!?*_~'\")]}")
		if rest == "" || strings.ContainsAny(rest[:1], " \t\r\n<>`|") {
			return true
		}
		text = after
	}
}
