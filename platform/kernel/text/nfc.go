package text

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// NFC composes the characters of a text, so that a name is the same whichever
// system it was typed on.
func NFC(s string) string { return norm.NFC.String(s) }

// Named is how a name is stored and compared: composed, without blanks around it.
func Named(s string) string { return strings.TrimSpace(NFC(s)) }
