package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"unicode"

	"parley/platform/kernel/mail"
)

//go:embed templates/*.tmpl
var templates embed.FS

var (
	textLayout = texttemplate.Must(texttemplate.ParseFS(templates, "templates/message.txt.tmpl"))
	htmlLayout = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/message.html.tmpl"))
)

// maxSections bounds what one message shows of a digest.
const maxSections = 200

// view is a message as the layouts show it: texts without control characters,
// and whole URLs.
type view struct {
	Subject           string
	Paragraphs, After []string
	Sections          []section
	Link              *link
	Code, Reason      string
	Unsubscribe       string
}

type section struct {
	Title, Text string
	Link        *link
}

type link struct{ Label, URL string }

// viewOf makes a message ready for the layouts. A path that is none is an
// error: what a link leads to is never taken from elsewhere.
func (s *Sender) viewOf(m mail.Message) (view, error) {
	v := view{Subject: line(m.Subject), Code: line(m.Code), Reason: line(m.Reason), Paragraphs: blocks(m.Paragraphs), After: blocks(m.After)}
	var err error
	if v.Link, err = s.linkOf(m.Link); err != nil {
		return v, err
	}
	if m.Unsubscribe != "" {
		if v.Unsubscribe, err = s.url(m.Unsubscribe); err != nil {
			return v, err
		}
	}
	if len(m.Sections) > maxSections {
		return v, fmt.Errorf("the message has %d sections, more than %d", len(m.Sections), maxSections)
	}
	for _, part := range m.Sections {
		l, err := s.linkOf(part.Link)
		if err != nil {
			return v, err
		}
		v.Sections = append(v.Sections, section{Title: line(part.Title), Text: block(part.Text), Link: l})
	}
	return v, nil
}

func (s *Sender) linkOf(l *mail.Link) (*link, error) {
	if l == nil {
		return nil, nil
	}
	to, err := s.url(l.Path)
	return &link{Label: line(l.Label), URL: to}, err
}

// url is the public address of a path.
func (s *Sender) url(path string) (string, error) {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return "", fmt.Errorf("%q is no path of this server", path)
	}
	return s.publicURL + path, nil
}

func render(v view) (text, html string, err error) {
	var plain, rich strings.Builder
	if err := textLayout.Execute(&plain, v); err != nil {
		return "", "", fmt.Errorf("writing the text of a message: %w", err)
	}
	if err := htmlLayout.Execute(&rich, v); err != nil {
		return "", "", fmt.Errorf("writing the HTML of a message: %w", err)
	}
	return plain.String(), rich.String(), nil
}

// line is a text on one line, without control characters.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// block is a text whose line breaks stay.
func block(s string) string { return strings.TrimSpace(clean(s)) }

func blocks(all []string) []string {
	var out []string
	for _, s := range all {
		if s = block(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// clean makes a space of what a terminal or a mail program may act upon:
// control characters, and those that turn the direction of a text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
