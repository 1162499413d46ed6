package config

import "strings"

// weakness says why a secret key can be guessed; "" when nothing speaks for
// it. It finds what people type who have no generator at hand, and the
// placeholders of examples.
func weakness(key string) string {
	const shortest, different = 32, 8
	key = strings.TrimSpace(key)
	lower := strings.ToLower(key)
	seen := map[rune]bool{}
	for _, r := range lower {
		seen[r] = true
	}
	switch {
	case len(key) < shortest:
		return "it needs 32 characters or more"
	case len(seen) < different, repeats(lower):
		return "it repeats itself"
	}
	for _, word := range []string{
		"change-me", "changeme", "change_me", "change this", "changethis", "password", "secret-key", "secretkey", "your-secret",
		"example", "qwerty", "abcdefghijklmnop", "1234567890",
	} {
		if rest := strings.ReplaceAll(lower, word, ""); len(rest) < shortest && rest != lower {
			return "it is made of a common word"
		}
	}
	return ""
}

// repeats reports whether a text is one shorter text again and again.
func repeats(text string) bool {
	for n := 1; n <= len(text)/2; n++ {
		if strings.HasPrefix(strings.Repeat(text[:n], len(text)/n+1), text) {
			return true
		}
	}
	return false
}
