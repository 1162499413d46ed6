package address_test

import (
	"testing"

	"parley/platform/kernel/address"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	for given, want := range map[string]string{
		"":                 "",
		" Jo@Example.COM ": "jo@example.com",
		"jo@example.com":   "jo@example.com",
		"ｊｏ＠ｅｘａｍｐｌｅ．ｃｏｍ":           "jo@example.com",
		"jo@xn--bcher-kva.example": "jo@bücher.example",
		"jo@XN--BCHER-KVA.example": "jo@bücher.example",
		"jo@BÜCHER.example":        "jo@bücher.example",
		"jo@bu\u0308cher.example":  "jo@bücher.example",
		"jo@例え。jp":                 "jo@例え.jp",
		"jose\u0301@example.com":   "josé@example.com",
		"ﬁ@example.com":            "fi@example.com",
		"\"a@b\"@example.com":      "\"a@b\"@example.com",
		"jo@[192.0.2.1]":           "jo@[192.0.2.1]",
		"jo@my_host":               "jo@my_host",
		"jo":                       "jo",
	} {
		if got, ok := address.Normal(given); got != want || !ok {
			t.Errorf("%q is %q (%t), want %q", given, got, ok, want)
		}
	}
	if got, _ := address.Spell("Sales_1@EXAMPLE.com"); got != "Sales_1@example.com" {
		t.Errorf("spelled %q", got)
	}
}

func TestWhatIsNotSeenIsNoAddress(t *testing.T) {
	for _, given := range []string{
		"j\u200bo@example.com", "jo@exam\u00adple.com", "j\u2060o@example.com", "jo\u202e@example.com", "jo\ufe0f@example.com",
		"jo\u034f@example.com", "jo\u3164@example.com", "j\u00a0o@example.com", "jo@exa\u200dmple.com", "jo\x00@example.com", "\ufeffjo@example.com",
		"jo@xn--ls8h-.example", "jo@xn--\u0000.example", "jo@xn--a-ecp.ru",
	} {
		if got, ok := address.Normal(given); ok {
			t.Errorf("%q is %q", given, got)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, s := range []string{"Jo@Example.com", "jo@xn--bcher-kva.de", "İ@ẞ.de", "ǅ@ª.com", "@", "a@[::1]", "ϒ\u0301@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, ok := address.Normal(s)
		if !ok {
			return
		}
		if twice, again := address.Normal(once); !again || twice != once {
			t.Errorf("%q is %q, and then %q (%t)", s, once, twice, again)
		}
	})
}
