// Package mail is e-mail as use cases see it: what a message says, and that it
// is sent. How it looks and by which server it goes is in platform/mail.
package mail

import (
	"context"
	"net/mail"
	"strings"

	addresses "parley/platform/kernel/address"
)

// Message is one message to one person. All its texts are plain: nothing in
// them is read as HTML, and a line break in one that must have none becomes a
// space.
type Message struct {
	// ID is the same whenever the message is sent again, and nobody else's:
	// mail programs show messages of one ID once. It has letters, digits, dots,
	// hyphens and underscores.
	ID string
	To string // one bare address
	// Subject is one line; so is the title of a section.
	Subject    string
	Paragraphs []string
	Sections   []Section
	Link       *Link // what the reader is to do
	// Code is shown on a line of its own below the link, to be copied.
	Code  string
	After []string // paragraphs after those
	// Reason says at the end why the reader gets this.
	Reason string
	// Unsubscribe is a path of this server that ends such messages when it gets
	// a POST (RFC 8058), and shows a page to who opens it; "" when the message
	// is no notification.
	Unsubscribe string
}

// Section is a part of a message with a title.
type Section struct {
	Title string
	Text  string
	Link  *Link
}

// Link leads to this server. The sender puts the public address in front of
// the path; no request says what it is.
type Link struct {
	Label string
	Path  string // begins with a slash
}

// Sender hands messages to a mail server. Jobs use it, never a request.
type Sender interface {
	// On reports whether messages are sent at all.
	On() bool
	// Send gives the message to the mail server, within a minute, and answers
	// nil when that has taken it. An error that work.Permanent marks would be
	// the same again. After any other the server may have taken it all the
	// same; the ID tells then that it is the same message. It is never called
	// within a unit of work.
	Send(ctx context.Context, m Message) error
}

// IsAddress reports whether mail can be sent to the text as it is: one address
// in its one spelling, without a display name, a comment or quotes. net/mail
// reads those, too.
func IsAddress(address string) bool {
	parsed, err := mail.ParseAddress(address)
	if normal, ok := addresses.Normal(address); !ok || normal != address {
		return false
	}
	return err == nil && parsed.Address == address && len(address) <= 254 && !strings.ContainsAny(address, "\r\n\t <>,;:\"\\()")
}
