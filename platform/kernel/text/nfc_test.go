package text_test

import (
	"testing"

	"parley/platform/kernel/text"
)

func TestANameIsWhatIsSeenOfIt(t *testing.T) {
	for given, want := range map[string]string{
		" Café ": "Café", "Cafe\u0301": "Café", "Finance\u200b": "Finance", "\ufeffFinance": "Finance", "Fin\u00adance": "Finance", "Finance\u200d": "Finance",
		"\u202etxt.exe": "txt.exe", "\u2067a\u2069": "a", "a\r\nBcc: b": "a Bcc: b", "a\tb\nc": "a b c", "a\u2028b": "a b", "a\x1b[31mb": "a [31mb", "a\u0085": "a",
		"Fin\U000e0041\U000e007f": "Fin", "\u3164": "", "Fin\u034fance": "Finance", "\u2800": "", "a\u2800": "a", "\u200b": "", "\u200d": "", "\u0301": "", "\r\n": "", "   ": "", "": "",
		"می\u200cخواهم": "می\u200cخواهم", "👩\u200d👧": "👩\u200d👧", "❤\ufe0f": "❤\ufe0f", "שלום": "שלום", "A  B": "A  B", "?": "?",
	} {
		got := text.Named(given)
		if got != want {
			t.Errorf("%q is named %q, want %q", given, got, want)
		}
		if again := text.Named(got); again != got {
			t.Errorf("%q named again is %q", got, again)
		}
	}
}

func FuzzNamed(f *testing.F) {
	for _, s := range []string{"Cafe\u0301", "\u200b\u0301a", "\r\n", "\u200d \u200c", "a\u1160\u1161"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := text.Named(s); text.Named(once) != once {
			t.Errorf("%q is %q, and then %q", s, once, text.Named(once))
		}
	})
}
