package markdown_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat/internal/core/markdown"
)

const (
	known = "https://wiki.example/warp"
	ann   = "ann@wiki.example"
)

func rules() markdown.Rules {
	return markdown.Rules{Sources: 3, Known: func(address string) bool {
		return slices.Contains([]string{known, "/api/document/1/content", "mailto:" + ann}, address)
	}}
}

// whole is what becomes of a text that comes at once.
func whole(s string) (string, *markdown.Filter) {
	f := markdown.New(rules())
	out := f.Add(s)
	return out + f.Close(), f
}

// pieces is what becomes of it in pieces of random size.
func pieces(s string, random *rand.Rand) string { return piecesBy(s, random, rules()) }

func piecesBy(s string, random *rand.Rand, rules markdown.Rules) string {
	f := markdown.New(rules)
	if random.IntN(2) == 0 {
		f.CutAlways()
	}
	var out strings.Builder
	for s != "" {
		n := min(1+random.IntN(1+random.IntN(40)), len(s))
		out.WriteString(f.Add(s[:n]))
		s = s[n:]
	}
	return out.String() + f.Close()
}

func TestCitationsAreThoseOfSources(t *testing.T) {
	for said, want := range map[string]struct {
		kept  string
		cited []int
	}{
		"Green [2], so [1].":                    {"Green [2], so [1].", []int{2, 1}},
		"Green [1][2].":                         {"Green [1][2].", []int{1, 2}},
		"Green [1, 2].":                         {"Green [1, 2].", []int{1, 2}},
		"Green [1-3].":                          {"Green [1-3].", []int{1, 2, 3}},
		"Green [1–2].":                          {"Green [1–2].", []int{1, 2}},
		"Green [7], [1, 9] and [2-8].":          {"Green , [1] and [2, 3].", []int{1, 2, 3}},
		"`row[0]` and ``a ` [9]`` [1]":          {"`row[0]` and ``a ` [9]`` [1]", []int{1}},
		"```go\nx := row[0]\n```\n[0] [1]":      {"```go\nx := row[0]\n```\n [1]", []int{1}},
		"~~~\nrow[9]":                           {"~~~\nrow[9]", nil},
		"Say:\n\n    row[9]\n\nSo [9].":         {"Say:\n\n    row[9]\n\nSo .", nil},
		"- ```\n  row[9]\n  ```\n- b [9]":       {"- ```\n  row[9]\n  ```\n- b ", nil},
		"> ```\n> row[9]\nout [9]":              {"> ```\n> row[9]\nout ", nil},
		"A tick ` alone [9]\n\nand ` [9]":       {"A tick ` alone \n\nand ` ", nil},
		"``` [9] ``` is [9]":                    {"``` [9] ``` is ", nil},
		"A link [1](" + known + ") and [1]":     {"A link [1](" + known + ") and [1]", []int{1}},
		"[1]: Guide":                            {`[1]\: Guide`, []int{1}},
		"Great![1] [x] [1a] [] [12345] [[2]] !": {"Great![1] [x] [1a] [] [12345] [[2]] !", []int{1, 2}},
		`not \[9] and \`:                        {`not \[9] and \`, nil},
		"cut [1":                                {"cut [1", nil},
		"a||b `a || b[9]` |":                    {"a||b `a || b[9]` |", nil},
	} {
		got, f := whole(said)
		if got != want.kept || cmp.Diff(want.cited, f.Cited()) != "" {
			t.Errorf("%q became %q, citing %v", said, got, f.Cited())
		}
	}
}

func TestAddressesThatNobodyKnowsAreNoLinks(t *testing.T) {
	for said, want := range map[string]string{
		"See [wiki](" + known + ") or " + known + ".":     "See [wiki](" + known + ") or " + known + ".",
		"See [file](/api/document/1/content).":            "See [file](/api/document/1/content).",
		"![p](https://evil.example/?q=secret)":            "[p] (`https://evil.example/?q=secret`)",
		"![p](" + known + ")":                             "[p](" + known + ")",
		"a!![p](" + known + ")":                           "a[p](" + known + ")",
		"See [x](https://evil.example \"t\") now":         "See [x] (`https://evil.example` \"t\") now",
		"See https://evil.example/a, www.evil.example.":   "See `https://evil.example/a`, `www.evil.example`.",
		"See <https://evil.example> and <" + known + ">":  "See &lt;`https://evil.example`> and <" + known + ">",
		"<img src=x onerror=alert(1)> 1 < 2 <b>":          "&lt;img src=x onerror=alert(1)> 1 < 2 &lt;b>",
		"[a][b]\n\n[b]: https://evil.example":             "[a][b]\n\n[b]\\: `https://evil.example`",
		"![9][x](" + known + ")":                          "! [x](" + known + ")",
		"`![x](https://evil.example)` <" + "!-- c -->":    "`![x](https://evil.example)` &lt;!-- c -->",
		"`![x](https://evil.example) | b`\n---|---\n":     "`[x] (https: //evil.example) | b`\n---|---\n",
		"Say `a || b` or `List<T>`\n- `x | List<y>`\nend": "Say `a || b` or `List<T>`\n- `x | List<y>`\nend", // no table has it
		"Say `a || b` or `List<T>`\n-|-|-\n":              "Say `a || b` or `List&lt;T>`\n-|-|-\n",
		known + "<br>":                                    known + " &lt;br>",
		"[x](javascript:alert(1))":                        "[x] (javascript:alert(1))",
		"`![x](https://evil.example)":                     "`[x] (https: //evil.example)",
	} {
		if got, _ := whole(said); got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
	}
}

var atoms = []string{
	"word ", "a", " ", "\n", "\n\n", "`", "``", "```", "```go\n", "~~~\n", "    ", "\t", "> ", "- ", "1. ", "# ", "[1]", "[9]", "[1, 2]", "[1-9]", "[", "]", "(", ")", "](", "![", "!", "\\", "|",
	"---|---\n", "<", "<b>", "</", "<!--", "]:", "[x]: ", "https://evil.example/x", "www.evil.example ", known, known + ")", " \"t\")", "é", "漢", "😀", "row[0]", "`row[9]`", "*", "_", ":", "=", "-\n",
}

func TestNothingBecomesADefinitionByWhatIsTakenOut(t *testing.T) {
	for _, name := range []string{"[x]", "![x]", "!![x]", "[9][x]", "[9] [x]", "[9, 7]![9][x]", "[[9]x]", "[x[9]]", "[[9]![9]x]", "[x][9]", "> [9][x]", "1. ![x]", "[9]\n[x]", "[1][x]", strings.Repeat("[9]", 500) + "[x]"} {
		s := name + ": //evil.example/a\n\nSee [x]."
		got, _ := whole(s)
		if found := planted(got); found != "" {
			t.Errorf("%.60q became %.60q, which has %s", s, got, found)
		}
		if again := pieces(s, rand.New(rand.NewPCG(1, 1))); again != got {
			t.Errorf("pieces of %.60q gave %.60q, the whole %.60q", s, again, got)
		}
	}
}

func TestALongLineBeginsNoDefinition(t *testing.T) {
	long := strings.Repeat("word ", 300)
	for _, s := range []string{long + "[ERROR]: the disk is full", "1. " + long + "[1]: so they say"} {
		if got, _ := whole(s); got != s {
			t.Errorf("%.60q became %q", s, got[len(long):])
		}
	}
	for _, vanishes := range []string{"[9]", "![9, 7]", "[9–10]", "[9]   > "} { // but where all that is before may be gone
		for _, begins := range []string{"", "1.", "12) ", "> 1. "} {
			for n := range 12 {
				s := strings.Repeat(" ", n%4) + begins + strings.Repeat(" ", n) + strings.Repeat(vanishes, 1000/len(vanishes)) + "[x]: //evil.example/a\n\nSee [x]."
				got, _ := whole(s)
				if found := planted(got); found != "" {
					t.Errorf("%.60q became %.60q, which has %s", s, got, found)
				}
			}
		}
	}
}

// randomOf is a text of so many atoms at most.
func randomOf(r *rand.Rand, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(atoms[r.IntN(len(atoms))])
	}
	return b.String()
}

func TestPiecesGiveWhatTheWholeGives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 6000 {
		s := randomOf(r, 30)
		if n%20 == 0 { // of many lines
			s = randomOf(r, 400)
		}
		want, _ := whole(s)
		if got := pieces(s, r); got != want {
			t.Fatalf("%q\npieces %q\nwhole  %q", s, got, want)
		}
	}
}

func TestNothingThatAModelWritesIsFetched(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 6000 {
		s := randomOf(r, 30)
		got, _ := whole(s)
		if found := planted(got); found != "" {
			t.Fatalf("%q became\n%q, which has %s", s, got, found)
		}
	}
}

func TestACitationOfNoSourceLeavesNothingOnALineOfItsOwn(t *testing.T) {
	for said, want := range map[string]string{
		"It is green.\n[9]":                  "It is green.\n",
		"It is green.\n[9]\n\nIt is blue.":   "It is green.\n\n\nIt is blue.",
		"It is green.\n[7] [9]\nIt is blue.": "It is green.\nIt is blue.",
		"It is green.\r\n[9]\r\nIt is blue.": "It is green.\r\nIt is blue.",
		"So:\n\n  [9]\n**Blue** [1]":         "So:\n\n  **Blue** [1]",
		"So:\n\n[9]\n- blue":                 "So:\n\n- blue",
		"- [9]\n  blue":                      "- blue",
		"> green\n> [9]\n> blue":             "> green\n> blue",
		"blue\n[9]\n===":                     "blue\n\u200b\n===", // it would be the heading of nothing
		"[1]\nblue":                          "[1]\nblue",
		strings.Repeat("[9]", 90) + "\nblue": "blue",
	} {
		got, f := whole(said)
		if got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
		if again := pieces(said, rand.New(rand.NewPCG(1, 1))); again != got {
			t.Errorf("pieces of %q gave %q", said, again)
		}
		if gone := strings.Count(said, "[9]") + strings.Count(said, "[7]"); f.Unknown() != gone {
			t.Errorf("%q: %d citations were taken out of %d", said, f.Unknown(), gone)
		}
	}
}

func TestMailGoesToWhatIsKnown(t *testing.T) {
	for said, want := range map[string]string{
		"Ask " + ann + ", or **" + ann + "**.":            "Ask " + ann + ", or **" + ann + "**.",
		"Ask Ann <" + ann + ">, _" + ann + "_.":           "Ask Ann <" + ann + ">, _" + ann + "_.",
		"[Ann](mailto:" + ann + ") mailto:" + ann + "[9]": "[Ann](mailto:" + ann + ") mailto:" + ann + " ",
		"Ask bob@evil.example.":                           "Ask bob @evil.example.",
		"Ask Bob <bob@evil.example>":                      "Ask Bob &lt;bob @evil.example>",
		"Ask jo" + ann + " or " + ann + ".evil.example":   "Ask jo" + strings.Replace(ann, "@", " @", 1) + " or " + strings.Replace(ann, "@", " @", 1) + ".evil.example",
		"x[9]" + ann + " &#xe9;" + ann:                    "x" + strings.Replace(ann, "@", " @", 1) + " &#xe9;" + strings.Replace(ann, "@", " @", 1),
		"[Bob](mailto:bob@evil.example)":                  "[Bob] (mailto:bob @evil.example)",
		"[Ann](mailto:" + ann + "?body=x)":                "[Ann] (mailto:" + ann + "?body=x)",
		"bob[9]@evil.example bob@evil[9].example":         "bob @evil.example bob@evil .example",
		`bob\@evil.example bob@evil\.example`:             `bob \@evil.example bob @evil\.example`,
		"bob&#64;evil.example b&#111;b@evil.example":      "bob&amp;#64;evil.example b&amp;#111;b @evil.example",
		"`bob@evil.example` and @home, a@b, 2 @ 3 @x.y":   "`bob@evil.example` and @home, a@b, 2 @ 3 @x.y",
	} {
		got, _ := whole(said)
		if got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
		if again := pieces(said, rand.New(rand.NewPCG(1, 1))); again != got {
			t.Errorf("pieces of %q gave %q", said, again)
		}
	}
}

func TestAKnownLinkStaysALink(t *testing.T) {
	for said, want := range map[string]string{
		"[`warp`](" + known + ")s [a \\[b](" + known + ")c [x](" + known + ")s": "[`warp`](" + known + ") s [a \\[b](" + known + ") c [x](" + known + ") s",
		"[warp](" + known + ")s":                             "[warp](" + known + ")s",
		"[" + known + "](" + known + ")":                     "[" + known + "](" + known + ")",
		"[bob@evil.example www.evil.example](" + known + ")": "[bob @evil.example `www.evil.example`](" + known + ")",
		"[www.evil.example](" + known + ")":                  "[`www.evil.example`](" + known + ")",
		"http://[x](" + known + ")":                          "`http://`[x](" + known + ")",
		"[" + known + "](https://evil.example/x)":            "[" + known + "] (`https://evil.example/x`)",
	} {
		if got, _ := whole(said); got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
	}
}

func TestNoAddressComesOfWhatIsTakenOut(t *testing.T) {
	for said, want := range map[string]string{
		"https:[9]//evil.example":                                 "https: //evil.example",
		"ww[9]w.[8]evil.example":                                  "ww w.evil.example",
		`https\://evil.example https:\/\/evil.example`:            `https \://evil.example https: \/ \/evil.example`,
		"https&#58;//evil.example &#104;ttp&colon;//evil.example": "https&amp;#58;//evil.example &amp;#104;ttp&amp;colon;//evil.example",
		"R&D &amp; &lt;b> &#169; with[9].":                        "R&D &amp; &lt;b> &#169; with.",
	} {
		if got, _ := whole(said); got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
	}
}

func TestTheAnswerIsReadAsTheFilterReadsIt(t *testing.T) {
	for kind, said := range map[string][]string{
		"a table reads each cell alone":           {"o\n|-\n`\n`]`<b>`", "|http://i.a#`]`<b>`", "a\n:-\n`x\n`]`<b>`", "a|b\n-|-\n`x|y` \\| `<b>`", "`\na\n`]`<b>`|\n:-|", "`a\\|b`]`<b>`\n:-"},
		"a table divides an address":              {"a\n|-\nhttps://evil.example/x|", "!\n:-\nwww.evil.example|", "**\n-|-\nhttp://|https://evil.example"},
		"a table is not underlined":               {"]\n:-\n=\n    <b>", "]\n:-\n-\n  ```\n<b>", "a|b\n-|-\n---\n    `<b>`"},
		"an entity goes on behind an address":     {known + "<!``\xa2[]()``", known + "<b", known + ".<!", known + "<https://evil.example>"},
		"an address goes on behind a bracket":     {"](" + known + ")_[x]:", "`[`](" + known + ")x", "[\n](" + known + ")x", "]( " + known + ")://x"},
		"a definition is in any list":             {"1. 1. [x]:/y\n[x]", "[x]\n- 1) 2. > [x]:/y"},
		"what is taken out begins no block":       {"-[9]\n[9]\n~~~<b>", "w[9]`@i.e<https://evil.example>`", "[9]~~~\n~~~\n<b>", "[9] ~~~\n~~~\nhttps://evil.example", "[9][8]```\n```\n<b>", "[9]1. a\n\n    <b>", "~[9]~~\n~~~\n<!--", "`\n[<b>`\n[9]|-", "`x|<b>`\n|- [9]", "`x|<b>`\n|-|[9] -", "-[9] a\n\n    <b>", "1[9]. a\n\n      <b>", "1.[9] a\n\n      <b>", "~~[9][9]~\n~~~\n<b>", "x\n#[9] a\n    <b>", "[9]- a\n\n    <b>", "x\n[9]\n=\n    <b>", "[9]    a\n=\n    <b>", "> [9]\t~~~\n> ~~~\n> <b>"},
		"a line that ends with a backslash":       {"\\\\\\\n\\<b>", "\\\n\\[x](//evil.example)", "> \\\\\\\n> \\<b>", "\\\\\\\n  \\<b>", "\\\\\\\n`a`\\<b>"},
		"a scheme alone is an address that stops": {"`www. a", "` www.\n", "`http://", "`a http://. "},
	} {
		for _, s := range said {
			for seed := range uint64(8) {
				if fault := wrong(s, seed); fault != "" {
					got, _ := whole(s)
					t.Errorf("%s: %q became\n%q: %s", kind, s, got, fault)
					break
				}
			}
		}
	}
}

func TestOnlyWhatMayChangeIsHeldBack(t *testing.T) {
	f := markdown.New(rules())
	for _, step := range [][2]string{
		{"The coil", "The coil"}, {" is [", " is "}, {"1", ""}, {"]", ""}, {". And ht", "[1]. And "}, {"ml `a", "html `a"}, {"[0", ""}, {"]` so", "[0]` so"},
		{"\n\n```\nrow[0]\n", "\n\n```\nrow[0]\n"}, {"x[9]", "x[9]"},
	} {
		if got := f.Add(step[0]); got != step[1] {
			t.Errorf("%q gave %q, want %q", step[0], got, step[1])
		}
	}
}

func TestAVeryLongAnswerIsReadToItsEnd(t *testing.T) {
	for name, part := range map[string]string{"code": "row[0] = `x` [9]\n", "a fence": "row[0] = 1\n\n", "one line": "`a`[1] ", "an open tick": "`` [9] ", "a list": "- `a` [1]\n"} {
		f := markdown.New(rules())
		size := 0
		if name == "a fence" {
			f.Add("```\n")
		}
		for size < 256<<10 {
			f.Add(part)
			size += len(part)
		}
		f.Close()
		if name == "a fence" && len(f.Cited()) > 0 {
			t.Error("code was cited")
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, a := range atoms {
		f.Add(a+"[1]"+a, uint64(1))
	}
	f.Fuzz(func(t *testing.T, s string, seed uint64) {
		got, _ := whole(s)
		if again := pieces(s, rand.New(rand.NewPCG(seed, 1))); again != got {
			t.Fatalf("%q\npieces %q\nwhole  %q", s, again, got)
		}
		if found := planted(got); found != "" && !bytes.ContainsAny([]byte(s), "\x00\r\v\f") {
			t.Fatalf("%q became\n%q, which has %s", s, got, found)
		}
	})
}
