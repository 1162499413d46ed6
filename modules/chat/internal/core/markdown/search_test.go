package markdown_test

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/core/markdown"
)

// searchFor is how long random texts are looked for that the filter gets wrong:
//
//	go test ./modules/chat/internal/core/markdown -run Search -search 5m
var searchFor = flag.Duration("search", 0, "how long random texts are tried")

// marks are what makes a reader of GFM change its mind, and what it would find.
var marks = []string{
	"`", "`", "`", "``", "```", "|", "|", "|-\n", "-|-\n", "\n|-|-|\n", "\n:-\n", "\n-:|\n", `\|`, "\n", "\n", "\n\n", "[", "]", "[]", "(", ")", "]()", "](<>)", "![", "[x]", "[x]: /y\n", "[1]", "[9]", "[9]", "[9]~~", "[9]|-", "|-[9]\n", "~", "1", ".", "!",
	"<b>", "<b>", "</b>", "<b", ">", "<!--", "-->", "<!", "<?", "?>", "<!A", "<![CDATA[", "]]>", "<script>", "<div\n", "<https://evil.example>", "<" + known + ">", "<a@b.example>",
	"a@b.example", ann, "<" + ann + ">", "@", "@b.example", "@wiki.example", ".example", "mailto:", "[m](mailto:" + ann + ")", "[x](" + known + ")", "](" + known + ")", "https:", "//evil.example", "ww", "w.", "evil.example", "&#64;", "&commat;", "&#58;", "&#x2f;", "&#104;", `\@`, `\:`, `\/`, `\.`,
	"\n[9]\n", "[9]\n", "\n\n[9]", "- [9]\n", "> [9]\n",
	"http://i.a#", "https://evil.example/x", "www.evil.example", known, known + "<", known + "<!", "http", "http://", `\`, `\\`, "*", "**", "_", "~", "~~", "- ", "1. ", "> ", "# ", "\t", "    ", "  ",
	"\xa2", "\xff", "\xc3", "é", "\u00a0", "&lt;", "&#60;", "&#x5b;", "&", ";", "\"", "'", "a", "b ", " ", "=", "---\n", "~~~\n", "===\n", ":", "-", "\r\n",
}

func randomMarks(r *rand.Rand) []string {
	parts := make([]string, 1+r.IntN(1+r.IntN(24)))
	few := marks
	if r.IntN(2) == 0 { // few kinds meet each other more often
		few = make([]string, 2+r.IntN(8))
		for i := range few {
			few[i] = marks[r.IntN(len(marks))]
		}
	}
	for i := range parts {
		parts[i] = few[r.IntN(len(few))]
	}
	return parts
}

// wrong is what is wrong with the answer that the filter makes of a text, "" if
// nothing.
func wrong(s string, seed uint64) string {
	for _, all := range []bool{false, true} {
		rules := rules()
		if all {
			rules.Known = func(string) bool { return true }
		}
		f := markdown.New(rules)
		got := f.Add(s)
		got += f.Close()
		if found := plantedBy(got, rules); found != "" {
			return found
		}
		if found := leftOver(s, got); found != "" {
			return found
		}
		if !all && lostLinks(s, got, rules) {
			return "a known link was lost"
		}
		if in := piecesBy(s, rand.New(rand.NewPCG(seed, 1)), rules); in != got {
			if found := plantedBy(in, rules); found != "" {
				return found + ", in pieces"
			}
			return "pieces"
		}
	}
	return ""
}

var (
	// otherwise is what changes links on purpose: definitions and HTML, of which
	// the answer has none, and boxes of tasks that stand before "(".
	otherwise = regexp.MustCompile(`(?i)\]:|<|\[[x \t]\]\(`)
	// running is an address that runs into code or a link, once what labelled finds
	// is "[(": it may be the plain label of a link.
	running  = regexp.MustCompile("(?i)(://|www\\.)\\S*[][`]")
	labelled = regexp.MustCompile("\\[[^][\\\\\n`]*\\]\\(")
)

// lostLinks reports whether a reader of the text would see more links that are
// known than one of the answer does.
func lostLinks(said, answer string, rules markdown.Rules) bool {
	if otherwise.MatchString(said) || running.MatchString(labelled.ReplaceAllString(said, "[(")) {
		return false
	}
	return knownLinks(answer, rules) < knownLinks(said, rules)
}

// shrunk is the shortest text that is wrong in the same way, as far as leaving
// out finds one.
func shrunk(s string, seed uint64) string {
	fault := wrong(s, seed)
	for size := len(s) / 2; size > 0; {
		less := false
		for i := 0; i+size <= len(s); {
			if t := s[:i] + s[i+size:]; wrong(t, seed) == fault {
				s, less = t, true
				continue
			}
			i++
		}
		if !less || size > len(s) {
			size /= 2
		}
	}
	return s
}

func TestSearchForTextsThatTheFilterGetsWrong(t *testing.T) {
	r := rand.New(rand.NewPCG(5, uint64(searchFor.Nanoseconds())))
	end := time.Now().Add(*searchFor)
	found := map[string]bool{}
	tried := 0
	for ; tried < 4000 || tried%1000 != 0 || time.Now().Before(end); tried++ {
		s, seed := strings.Join(randomMarks(r), ""), r.Uint64()
		fault := wrong(s, seed)
		if fault == "" {
			continue
		}
		if s = shrunk(s, seed); !found[s] && len(found) < 60 {
			found[s] = true
			got, _ := whole(s)
			t.Errorf("%q became\n%q: %s", s, got, fault)
		}
	}
	t.Logf("%d texts were tried", tried)
}
