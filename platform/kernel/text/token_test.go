package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func forms(s string) string {
	var out []string
	for w := range Words(s) {
		out = append(out, w.Form)
	}
	return strings.Join(out, " ")
}

func TestWordsAreReadAsAReaderWould(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"empty", "", ""},
		{"blanks and marks only", " \n—…!? ", ""},
		{"possessives lose their ending", "the user's users' notes", "the user users notes"},
		{"a negation is one word", "Don't stop, CAN’T", "dont stop cant"},
		{"other contractions lose their ending", "they're we'll I've", "they we i"},
		{"an elision is two words", "l'eau d’accord", "l eau d accord"},
		{"hyphens and underscores separate", "high-speed DATA_DIR", "high speed data dir"},
		{"grouped thousands are one number", "1,000 and 12,345,678", "1000 and 12345678"},
		{"other commas separate", "12,34 1,2345 1234,567", "12 34 1 2345 1234 567"},
		{"decimals and versions stay whole", "3.14 v1.26.8 end.", "3.14 v1.26.8 end"},
		{"initials are a word", "the U.S.A. and e.g. this", "the usa and eg this"},
		{"diacritics are folded", "Über die Straße in İstanbul, Łódź, œuvre, señor", "uber die strasse in istanbul lodz oeuvre senor"},
		{"composed and decomposed are the same", "caf\u00e9 cafe\u0301", "cafe cafe"},
		{"other alphabets", "Ёлка και Ὀδυσσεύς", "елка και οδυσσευσ"},
		{"arabic spellings meet", "أحمد العَرَبِيَّة", "احمد العربيه"},
		{"full-width is narrow", "ＡＢＣ１２", "abc12"},
		{"soft hyphens are not there", "data\u00adbase", "database"},
		{"han in bigrams", "東京都 猫", "東京 京都 猫"},
		{"han beside latin", "使用Go语言", "使用 go 语言"},
		{"hangul in bigrams", "안녕하세요", "안녕 녕하 하세 세요"},
		{"thai keeps its vowel signs", "ที่นี่ดี", "ที่นี่ นี่ดี"},
		{"bytes that are no text separate", "a\xff\xfeb", "a b"},
	} {
		if got := forms(c.in); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.what, c.in, got, c.want)
		}
	}
}

func TestOffsetsPointAtWhatWasWritten(t *testing.T) {
	const s = "Größe: 1,000 don't 東京都"
	var got []string
	for w := range Words(s) {
		got = append(got, s[w.Start:w.End])
	}
	if diff := cmp.Diff([]string{"Größe", "1,000", "don't", "東京", "京都"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestALongWordIsKnownByItsBeginning(t *testing.T) {
	long := strings.Repeat("ж", 5000)
	for w := range Words(long) {
		if len(w.Form) > MaxWord || !utf8.ValidString(w.Form) || w.End != len(long) {
			t.Errorf("form of %d bytes, token ends at %d", len(w.Form), w.End)
		}
	}
}

// Each line is one word, written in different ways.
func TestWaysToWriteAWordMeet(t *testing.T) {
	for _, c := range []struct{ what, ways string }{
		{"half-width and full-width kana", "ｶﾞｲﾄﾞﾗｲﾝ ガイドライン カ\u3099イト\u3099ライン"},
		{"the long vowel of half-width kana", "ｻｰﾊﾞｰ サーバー"},
		{"full-width letters and digits", "ＩＳＯ９００１ iso9001"},
		{"Persian and Arabic keyboards", "کتابی كتابي كتابى"},
		{"Arabic hamzas, vowel signs and tatweel", "إجازة أجازة اجازة إِجَازَة إجـازة اجازه"},
		{"Arabic presentation forms", "ﺇﺟﺎﺯﺓ إجازة"},
		{"Arabic and Persian digits", "٢٠٢٦ ۲۰۲۶ 2026"},
		{"Hebrew points, and letters at the end", "שָׁלוֹם שלום שלומ"},
		{"Turkish i", "İSTANBUL istanbul ıstanbul İstanbul"},
		{"composed and decomposed Latin", "Übergrößen U\u0308bergro\u0308ßen ubergrossen"},
		{"composed and decomposed Cyrillic", "йод и\u0306од"},
		{"composed and decomposed Hangul", "휴가 \u1112\u1172\u1100\u1161"},
		{"Devanagari with a dot", "क़लम क\u093cलम"},
		{"ligatures and letters of mathematics", "ﬁle 𝐟𝐢𝐥𝐞 file"},
		{"radicals for ideographs", "⽂⽇ 文日"},
		{"joiners and marks of direction", "می\u200cخواهم میخواهم \u200fمی\u200cخواهم"},
		{"variants of an ideograph", "葛\U000e0100城 葛城"},
	} {
		ways := strings.Split(c.ways, " ")
		for _, way := range ways {
			if got, want := forms(way), forms(ways[0]); got != want {
				t.Errorf("%s: %+q gives %+q, and %+q gives %+q", c.what, way, got, ways[0], want)
			}
			if got, want := slices.Collect(Grams(way)), slices.Collect(Grams(ways[0])); !slices.Equal(got, want) {
				t.Errorf("%s: %+q and %+q have different grams", c.what, way, ways[0])
			}
		}
	}
}

func TestTheArabicArticleIsNoPartOfAStem(t *testing.T) {
	for _, word := range []string{"الإجازة", "والإجازة", "بالإجازة", "للإجازة", "إجازة"} {
		if got := Stem(Fold(word)); got != "اجازه" {
			t.Errorf("%s has the stem %s", word, got)
		}
	}
	for _, word := range []string{"الله", "الم", "ال", "لله"} {
		if got := Stem(word); got != word {
			t.Errorf("%s has the stem %s", word, got)
		}
	}
}

func TestStemsMeet(t *testing.T) {
	for _, group := range []string{"connect connected connecting connection connections", "index indexes indexing indexed", "library libraries"} {
		words := strings.Fields(group)
		for _, w := range words {
			if Stem(w) != Stem(words[0]) {
				t.Errorf("%s and %s have stems %s and %s", words[0], w, Stem(words[0]), Stem(w))
			}
		}
	}
	for _, same := range []string{"москвы", "3.14", "东京", "go", "v1.2"} {
		if Stem(same) != same {
			t.Errorf("%s was stemmed to %s", same, Stem(same))
		}
	}
}

func TestEnglishIsToldFromOthers(t *testing.T) {
	for s, want := range map[string]bool{
		"How does the server find its files?":    true,
		"backup retention":                       true,
		"Wie findet der Server seine Dateien?":   false,
		"¿Cuándo se fundó la ciudad de Córdoba?": false,
		"Когда был основан город?":               false,
		"什么时候":                                   false,
		"":                                       true,
	} {
		if got := English(s); got != want {
			t.Errorf("English(%q) = %v", s, got)
		}
	}
}

func TestGramsIgnoreCaseMarksAndAccents(t *testing.T) {
	spell := func(s string) (out []string) {
		for g := range Grams(s) {
			out = append(out, string([]rune{rune(g >> 48), rune(g >> 32 & 0xffff), rune(g >> 16 & 0xffff), rune(g & 0xffff)}))
		}
		return out
	}
	if diff := cmp.Diff([]string{" a c", "a ca", " caf", "cafe", "afe "}, spell("A «Café»!")); diff != "" {
		t.Error(diff)
	}
	if got := spell("ab"); len(got) != 1 || got[0] != " ab " {
		t.Errorf("grams of a short word: %q", got)
	}
	if got := spell("…"); got != nil {
		t.Errorf("grams of no word: %q", got)
	}
}

func TestFormsAndCompoundsOfAWordAreAlike(t *testing.T) {
	alike := func(a, b string) bool {
		x, y := TermGrams(Stem(Fold(a))), TermGrams(Stem(Fold(b)))
		shared := 0
		for _, g := range x {
			if slices.Contains(y, g) {
				shared++
			}
		}
		return Alike(shared, len(x), len(y)) > 0
	}
	for _, pair := range []string{
		"Urlaub Urlaubsanspruch", "Anspruch Urlaubsanspruch", "Haus Hauses", "отпуск отпуска", "отпусками отпуска", "إجازة والإجازة", "izin izinler",
		"kırmızı kırmızılar", "vacation vacations", "ferie ferieafløsning", "משכורת המשכורת",
	} {
		if a, b, _ := strings.Cut(pair, " "); !alike(a, b) || !alike(b, a) {
			t.Errorf("%s and %s are not alike", a, b)
		}
	}
	for _, pair := range []string{"Urlaub Kündigung", "отпуск зарплата", "station nation", "contract contrast", "2026 20261", "cat cats", "休暇 休暇中"} {
		if a, b, _ := strings.Cut(pair, " "); alike(a, b) || alike(b, a) {
			t.Errorf("%s and %s are alike", a, b)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Don't 1,000.5 U.S.A. naïve", "東京a", "ที่\u200d1,", "'s '' 1,,2 a.b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for w := range Words(s) {
			if w.Start < 0 || w.End > len(s) || w.Start >= w.End || w.Start < last || w.Form == "" || len(w.Form) > MaxWord {
				t.Fatalf("token %+v of %q", w, s)
			}
			if again := Fold(w.Form); again != w.Form {
				t.Fatalf("folding %q again gives %q", w.Form, again)
			}
			stem := Stem(w.Form)
			if stem == "" || len(stem) > len(w.Form) || Alphabetic(w.Form) && (stem[0] != w.Form[0] || !strings.HasPrefix(w.Form, stem[:max(0, len(stem)-2)])) {
				t.Fatalf("%q has stem %q", w.Form, stem)
			}
			last = w.Start
		}
		n := 0
		for range Grams(s) {
			n++
		}
		if n > 20*len(s)+4 {
			t.Fatalf("%d grams from %d bytes", n, len(s))
		}
		English(s)
	})
}

func BenchmarkWords(b *testing.B) {
	s := strings.Repeat("The server keeps its files in one directory, naïvely named parley-data. ", 12)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		for range Words(s) {
		}
	}
}
