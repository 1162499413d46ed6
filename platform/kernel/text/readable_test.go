package text_test

import (
	"testing"
	"unicode/utf8"

	"parley/platform/kernel/text"
)

func TestNamesOfOlderSystemsKeepTheirLetters(t *testing.T) {
	for given, want := range map[string]string{
		"plain.txt":                           "plain.txt",
		"Übung €.txt":                         "Übung €.txt",
		"\xdcbung.txt":                        "Übung.txt",
		"R\xe9sum\xe9 cr\xe9\xe9e \x80.pdf":   "Résumé créée €.pdf",
		"K\xf6\xf6nig.txt":                    "Köönig.txt",
		"na\xefve na\xefvet\xe9.md":           "naïve naïveté.md",
		"\xb1\xa8\xb8\xe6.txt":                "报告.txt",
		"2024\xc4\xea\xb1\xa8\xb8\xe6(1).pdf": "2024年报告(1).pdf",
		"PDF\xce\xc4\xbc\xfe.pdf":             "PDF文件.pdf",
		"\xb1\xed.xlsx":                       "表.xlsx",
		"\xd6\xec\xe9F\xbb\xf9.doc":           "朱镕基.doc",
		"a\x81b":                              "ab", // of neither
	} {
		if got := text.Readable(given); got != want {
			t.Errorf("%q is read as %q, want %q", given, got, want)
		}
	}
}

func FuzzReadable(f *testing.F) {
	f.Add("\xdcbung")
	f.Fuzz(func(t *testing.T, s string) {
		if got := text.Readable(s); !utf8.ValidString(got) || utf8.ValidString(s) && got != s {
			t.Errorf("%q is read as %q", s, got)
		}
	})
}
