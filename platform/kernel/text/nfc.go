package text

import "golang.org/x/text/unicode/norm"

// NFC composes the characters of a text, so that a name is the same whichever
// system it was typed on.
func NFC(s string) string { return norm.NFC.String(s) }
