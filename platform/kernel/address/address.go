// Package address has the one spelling of an e-mail address. What stores,
// compares or counts addresses does it with that, so that nobody has two
// accounts, nor two limits of guessing, by writing theirs in another way.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// domains reads labels as a browser does, and lets names of private networks
// pass, which have underscores or hyphens where the public ones don't.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false))

// Normal is the one spelling of an address: in lower case, composed, letters of
// full width as the plain ones (NFKC), and the domain in Unicode, whether it
// was given so or in punycode. It is false for what has invisible characters
// or a domain that IDNA does not allow; whether the rest is an address is not
// said. Normal of a normal address is the address.
func Normal(s string) (string, bool) {
	spelled, ok := Spell(s)
	spelled = lower(spelled)
	if ok { // a few letters become others only in the second round
		again, still := Spell(spelled)
		ok = still && lower(again) == spelled
	}
	return spelled, ok
}

// Spell is Normal, but keeps upper and lower case of the part before the @.
func Spell(s string) (string, bool) {
	s = strings.TrimFunc(s, unicode.IsSpace)
	if strings.ContainsFunc(s, invisible) || strings.ContainsRune(s, utf8.RuneError) {
		return s, false
	}
	s = norm.NFKC.String(s)
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return s, false
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, true
	}
	domain, ok := Domain(s[at+1:])
	return s[:at+1] + domain, ok
}

// Domain is the one spelling of the part behind the @.
func Domain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") { // the address of a machine
		return lower(s), true
	}
	spelled, err := domains.ToUnicode(norm.NFKC.String(s))
	if err != nil || strings.ContainsFunc(spelled, invisible) {
		return lower(s), false
	}
	return lower(spelled), true
}

// Fallback is what an address that Normal refuses is compared by: nobody has it.
func Fallback(s string) string { return lower(strings.TrimSpace(s)) }

func lower(s string) string { return norm.NFKC.String(strings.ToLower(s)) }

// invisible reports what a reader does not see: controls, marks of direction
// and joining, selectors of variants, fillers. A no-break space is seen.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
